"""Questions asked of a plan or about it, a folder each: ``study`` answers, ``sheet`` shows, ``command`` asks.

What several studies need stands beside the folders.
"""
