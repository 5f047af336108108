"""From bytes of raw records to columns: total decoders that answer with rows or reasons, never errors."""
