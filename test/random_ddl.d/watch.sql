-- From here on relationships are watched; with privileges and comments to keep.
INSERT INTO oracle.slot SELECT n, n::regclass
	FROM unnest('{person,place,room,course,follow,person_room,enrolment}'::text[]) n;
SELECT oracle.relate(r) FROM unnest('{follow,person_room,enrolment}'::text[]) r;
GRANT SELECT ON following TO reader WITH GRANT OPTION;
SET ROLE reader;
GRANT SELECT ON following TO carol;
RESET ROLE;
GRANT SELECT (person_id, note), UPDATE (note) ON person_rooms TO reader;
GRANT INSERT, DELETE ON course_people TO bob;
COMMENT ON COLUMN room_people.name IS 'their name';
SELECT oracle.check('{any}');
