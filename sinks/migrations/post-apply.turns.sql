-- Turns, put there again after every migration: one that is missing could not be taken.
INSERT INTO core.turn (name)
VALUES ('claims'), ('registry'), ('rules'), ('shards'), ('publication')
ON CONFLICT DO NOTHING;
