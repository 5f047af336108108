"""What may be published of the figures of a local day, and what must be withheld so that nobody can be followed."""
