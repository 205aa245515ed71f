"""The Dash dashboard over Snowtape's marts. `python -m dashboard --port 8050` starts it."""
