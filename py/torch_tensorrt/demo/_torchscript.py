"""Step 3: placeholder."""
def run(report, arguments):
    raise NotImplementedError
