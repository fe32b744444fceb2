-- What test/upgrade compares, before and after: all that can be seen of the
-- relationships of create.sql, and what calls do. It changes nothing.
\pset format unaligned
\pset expanded on
\pset footer off
SELECT * FROM m2m_relationships() ORDER BY association::text COLLATE "C";

-- What the relationships are made of. (The owner has MAINTAIN since 17, an m
-- in the list of privileges.)
SELECT c.oid::regclass, c.relkind, c.relpersistence, c.relowner::regrole,
       regexp_replace(c.relacl::text, 'm/', '/', 'g') AS acl, c.reloptions,
       obj_description(c.oid, 'pg_class') AS comment,
       CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END AS definition
FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, '"Editing"'::regnamespace)
  AND c.relname !~ '^m2m_' AND c.relkind IN ('r', 'p', 'v', 'i', 'I')
ORDER BY c.relname COLLATE "C", c.oid;
SELECT a.attrelid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.attacl::text, col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace IN ('public'::regnamespace, '"Editing"'::regnamespace)
  AND c.relname !~ '^m2m_' AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0
ORDER BY c.relname COLLATE "C", c.oid, a.attnum;
SELECT p.oid::regprocedure, p.proowner::regrole, p.proacl::text, p.provolatile, p.proparallel, p.prosrc,
       obj_description(p.oid, 'pg_proc') AS comment
FROM pg_proc p WHERE p.pronamespace IN ('public'::regnamespace, '"Editing"'::regnamespace)
  AND p.proname !~ '^m2m_'
ORDER BY p.proname COLLATE "C", p.oid;
SELECT pg_get_triggerdef(t.oid), t.tgenabled, d.deptype AS goes_with_extension
FROM pg_trigger t LEFT JOIN pg_depend d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
  AND d.refclassid = 'pg_extension'::regclass
WHERE NOT t.tgisinternal ORDER BY pg_get_triggerdef(t.oid) COLLATE "C";
SELECT extname, extversion, extowner::regrole FROM pg_extension ORDER BY extname;

-- What they hold
\pset expanded off
SELECT * FROM author_books ORDER BY 1, 2;
SELECT * FROM book_authors ORDER BY 1, 2;
SELECT * FROM "Editing"."Edited by" ORDER BY 1, 2;
SELECT * FROM "Editing"."Edits" ORDER BY 1, 2;
SELECT * FROM follow ORDER BY 1, 2;
SELECT * FROM tagging ORDER BY 1, 2;
SELECT * FROM post_tags ORDER BY 1, 2;
SELECT * FROM key_rooms ORDER BY 1, 2, 3;
SELECT * FROM room_keys ORDER BY 1, 2, 3;
SELECT a.name, b.title FROM author a, author_books(a) b ORDER BY 1, 2;

-- What calls do
BEGIN;
SET LOCAL ROLE shop_owner;
SELECT m2m_link('author', 3, 'book', '{1,3}', via => 'author_book') AS new,
       m2m_link('book', 1, 'author', 1, 'author_book') AS there,
       m2m_unlink('author', 1, 'book', 2, 'author_book') AS gone;
SELECT * FROM m2m_set('person', 'Cyd', 'person', '{Ben,Cyd}');
SELECT m2m_count('person', 'Ben', 'person', role => 'followed');
SELECT m2m_link('post', '00000000-0000-0000-0000-000000000002', 'tag', 2, properties => '{"at": null}');
SELECT m2m_toggle('room', '(b,1)', 'key', 2) AS off, m2m_linked('key', 1, 'room', '(a,1)');
INSERT INTO author_books (author_id, id, title, share) VALUES (2, 9, 'C', 0.5) RETURNING *;
UPDATE author_books SET title = 'C, revised', share = 0.25 WHERE author_id = 2 AND id = 9;
DELETE FROM book_authors WHERE book_id = 2 AND id = 2;
SELECT * FROM author_books ORDER BY 1, 2;
SELECT * FROM follow ORDER BY 1, 2;
SELECT * FROM post_tags ORDER BY 1, 2;
DELETE FROM author WHERE id = 2;
SELECT * FROM author_book ORDER BY 1, 2;
ROLLBACK;

-- As somebody with fewer privileges: no hidden book, no further column
BEGIN;
SET LOCAL ROLE shop_clerk;
SELECT * FROM author_books ORDER BY 1, 2;
SELECT book_id, name FROM book_authors ORDER BY 1, 2;
SELECT m2m_link('author', 3, 'book', 3, 'author_book');
SELECT has_column_privilege('book_authors', 'id', 'select') AS column_privilege,
       has_function_privilege('book_authors(book)', 'execute') AS function_privilege;
ROLLBACK;

-- A new relationship, dropped again
BEGIN;
SET LOCAL ROLE shop_owner;
SELECT m2m_link('visitor', '{}', 'tag', '{}');
SELECT m2m_drop('visitor_tag'), m2m_drop('author_book', keep_links => true), m2m_adopt('author_book');
SELECT * FROM author_books ORDER BY 1, 2;
ROLLBACK;

-- What rules keep, and do
SELECT * FROM fan ORDER BY 1;
SELECT song_id, sum(n) FROM liking_song_counter GROUP BY 1 ORDER BY 1;
SELECT fan_id, song_id, history_id, during, from_xid, to_xid FROM liking_history ORDER BY 3;
SELECT * FROM m2m_rules() ORDER BY 1, 2;
SELECT * FROM m2m_check() ORDER BY 1, 2, 3;
BEGIN;
SET LOCAL ROLE shop_owner;
SELECT m2m_link('fan', 1, 'song', 1), m2m_unlink('fan', 1, 'song', 2), m2m_link('fan', '{1,2}', 'song', '{2,2}');
SELECT * FROM fan ORDER BY 1;
SELECT song_id, sum(n) FROM liking_song_counter GROUP BY 1 ORDER BY 1;
SELECT * FROM fan_songs ORDER BY 1, 2;
SELECT * FROM staff_teams ORDER BY 1, 2;
ROLLBACK;

-- Order, symmetry, orphans, typed functions
BEGIN;
SET LOCAL ROLE shop_owner;
SELECT s.id FROM playlist p, playlist_songs(p) s WHERE p.id = 1;
SELECT m2m_move('playlist', 1, 'song', 1, before => 2), link_playlist_songs(2, '{2}');
SELECT p.id, s.id FROM playlist p, playlist_songs(p) s WHERE p.id = 1;
SELECT id FROM find_playlist_songs(all_of => '{1,2}') ORDER BY 1;
SELECT m2m_clear('playlist', 2, 'song');
SELECT m2m_link('mate', 1, 'mate', '{2,3}'), m2m_unlink('mate', 1, 'mate', 2);
TABLE mates ORDER BY 1, 2;
SELECT * FROM mate_others ORDER BY 1, 2;
SELECT m2m_json('playlist', 1), m2m_json('mate', 1);
SELECT * FROM m2m_merge('song', 2, 1);
ROLLBACK;

-- What is left of rules by their other kinds; a history of before
\set class1 '00000000-0000-0000-0000-000000000001'
SELECT pupil_id, class_id, "place", mark FROM attending ORDER BY 1, 3;
SELECT * FROM class ORDER BY 1;
SELECT pupil_id, sum(n) FROM attending_pupil_counter GROUP BY 1 ORDER BY 1;
SELECT pupil_id, class_id, properties, history_id, during, from_xid, to_xid, linked_by, linked_actor, unlinked_by, unlinked_actor
FROM attending_history ORDER BY history_id;
SELECT * FROM line ORDER BY 1, 2;
SELECT relname, obj_description(oid, 'pg_class'), regexp_replace(relacl::text, 'm/', '/', 'g') AS acl FROM pg_class WHERE relname ~ '_(history|counter)$' ORDER BY 1;
-- At the moment when a link ended, and right before
SELECT c.id FROM (SELECT max(upper(during)) AS moment FROM attending_history) h, m2m_at(NULL::class, 'pupil', 2, h.moment) c ORDER BY 1;
SELECT c.id FROM (SELECT max(upper(during)) AS moment FROM attending_history) h, pupil p, pupil_classes_at(p, h.moment) c
WHERE p.id = 1 ORDER BY 1;
BEGIN;
SET LOCAL ROLE shop_owner;
-- Lists, counters and history go on from where they were
SELECT m2m_link('pupil', 2, 'class', '{00000000-0000-0000-0000-000000000002,00000000-0000-0000-0000-000000000003}'::uuid[]);
SELECT m2m_move('pupil', 2, 'class', :'class1'::uuid, at => 3);
INSERT INTO attending (pupil_id, class_id) VALUES (4, :'class1');
DELETE FROM pupil_classes WHERE pupil_id = 1 AND id = '00000000-0000-0000-0000-000000000002';
SELECT school_link_pupil_classes(3, ARRAY[:'class1'::uuid]);
SELECT pupil_id, class_id, "place", mark FROM attending ORDER BY 1, 3;
SELECT * FROM class ORDER BY 1;
SELECT pupil_id, sum(n) FROM attending_pupil_counter GROUP BY 1 ORDER BY 1;
SELECT pupil_id, class_id, properties - 'id' AS properties, upper_inf(during), from_xid IS NULL, to_xid IS NULL FROM attending_history
ORDER BY 1, 2, 3, 4, 5;
SELECT linked, unlinked, changed FROM (SELECT max(upper(during)) AS moment FROM attending_history WHERE NOT during @> now()) h,
	m2m_restore('attending', h.moment);
SELECT pupil_id, class_id, mark FROM attending ORDER BY 1, 2;
SELECT m2m_clear('class', :'class1'::uuid, 'pupil');
SET CONSTRAINTS ALL IMMEDIATE;
SAVEPOINT s;
SELECT m2m_link('class', '00000000-0000-0000-0000-000000000003'::uuid, 'pupil', '{1,2,3,4,5}');
ROLLBACK TO s;
-- Less than the minimum, and a row without links
COMMIT;
SELECT pupil_id, class_id, "place" FROM attending ORDER BY 1, 3;
BEGIN;
SET LOCAL ROLE shop_owner;
SELECT m2m_set('stop', 1, 'stop', '{2,3}');
SAVEPOINT s;
SELECT m2m_link('stop', 2, 'stop', 4);
ROLLBACK TO s;
UPDATE line SET km = 7 WHERE (a, b) = (3, 2);
SELECT * FROM line ORDER BY 1, 2;
SELECT (r.row).id, depth, path FROM m2m_reach(NULL::stop, 1) r ORDER BY 1;
ROLLBACK;

-- Questions
SELECT id FROM m2m_find(NULL::pupil, 'class', all_of => ARRAY[:'class1', '00000000-0000-0000-0000-000000000003']::uuid[]) ORDER BY 1;
SELECT id FROM m2m_find(NULL::pupil, 'class', none_of => ARRAY[:'class1']::uuid[]) ORDER BY 1;
SELECT (r.row).id, links FROM m2m_counts(NULL::class, 'pupil') r ORDER BY 1;
SELECT (r.row).id, shared FROM m2m_related(NULL::pupil, 1, 'class') r ORDER BY 1;
SELECT * FROM m2m_seek(NULL::int, 'attending', 'pupil', any_of => ARRAY[:'class1']::uuid[]) k ORDER BY 1;

-- Adopted by itself; given up
SHOW m2m.auto_adopt;
SELECT * FROM tags_of_author ORDER BY 1, 2;
BEGIN;
SET LOCAL ROLE shop_owner;
CREATE INDEX ON given_up (tag_id);
CREATE TABLE adopted_now (author_id bigint REFERENCES author, tag_id int REFERENCES tag, PRIMARY KEY (author_id, tag_id));
SELECT m2m_history('attendee');
SELECT association FROM m2m_relationships() ORDER BY 1;
ROLLBACK;
