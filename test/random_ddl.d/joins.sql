-- The twin's join tables, as m2m_create() would make them.
SET ROLE alice;
CREATE TABLE follow (
	follower_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE,
	followed_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (follower_id, followed_id));
CREATE INDEX ON follow (followed_id, follower_id);
CREATE TABLE person_room (
	person_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE,
	room_building text NOT NULL, room_number int NOT NULL,
	PRIMARY KEY (person_id, room_building, room_number),
	FOREIGN KEY (room_building, room_number) REFERENCES room
		ON UPDATE CASCADE ON DELETE CASCADE);
CREATE INDEX ON person_room (room_building, room_number, person_id);
RESET ROLE;
