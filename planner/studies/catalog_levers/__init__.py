"""``plan catalog levers``: what each lever of serving brings at a speed."""
