alter table attempts add column guards text; -- what the guards said, in plain words
