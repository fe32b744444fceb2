-- The relationships: a self-relationship, a composite key, an adopted table.
CREATE EXTENSION m2m;
SET ROLE alice;
SELECT m2m_create('person', 'person', name => 'follow',
	left_role => 'follower', right_role => 'followed',
	left_view => 'following', right_view => 'followers');
SELECT m2m_create('person', 'room');
SELECT m2m_adopt('enrolment');
RESET ROLE;
