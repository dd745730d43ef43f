"""`plan serve`: the what-if in a browser. Only the command loads it, and only this folder loads the web server."""
