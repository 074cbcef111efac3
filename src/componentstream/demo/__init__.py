"""A recorded answer, served with a page that shows its components grow: ``componentstream demo``."""
