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
