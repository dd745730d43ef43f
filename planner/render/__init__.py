"""How anything is shown: sheets, figures, plots and files. Nothing here knows a study."""
