"""What every table is: names, types, units, reasons and labels. Imports nothing of ours."""
