"""Composition: the only place where clients are built; each module does what one command asks for."""
