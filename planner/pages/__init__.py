"""The pages that are written from the code; ``python -m planner.pages`` writes them all."""
