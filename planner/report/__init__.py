"""The plan itself, shown: on a terminal, as a page of HTML, a workbook, CSV files. Nothing here decides a plan."""
