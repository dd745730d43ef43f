"""Questions asked of plans and about them: do the engines agree, what is it worth to know the future."""
