-- Links, in both databases.
INSERT INTO follow VALUES (1, 2), (2, 1), (3, 3), (4, 1);
INSERT INTO person_room SELECT i, building, number
	FROM room, generate_series(1, 3) i;
INSERT INTO enrolment SELECT i, 'c' || i, i FROM generate_series(1, 4) i;
