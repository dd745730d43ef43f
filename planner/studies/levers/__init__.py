"""``plan levers``: what a plan would cost without each lever."""
