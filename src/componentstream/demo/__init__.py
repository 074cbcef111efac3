"""The demo: a recorded response, served with a page that shows its components grow.

``componentstream demo`` runs it. The module :mod:`componentstream.demo.recording` is public.
"""
