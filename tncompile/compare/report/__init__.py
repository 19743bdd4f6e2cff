"""Stand-in until the reports are merged."""
def check_report(path): pass
def write_report(comparison, path): pass
