-- Posts and tags: text keys, toggling, what posts have in common.

CREATE TABLE post (id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE tag (name text PRIMARY KEY);
INSERT INTO post VALUES (1, 'Indexes from scratch'), (2, 'A week in Lisbon'), (3, 'Why my query was slow'), (4, 'Baking with rye');
INSERT INTO tag VALUES ('sql'), ('performance'), ('travel'), ('food');

\echo
SELECT m2m_link('post', 1, 'tag', '{sql,performance}'::text[]);
SELECT m2m_link('post', ARRAY[2, 2, 3, 4], 'tag', ARRAY['travel', 'food', 'sql', 'food']);

\echo '-- A click on a tag: on, and off again.'
SELECT m2m_toggle('post', 3, 'tag', 'travel') AS linked_now;
SELECT m2m_toggle('post', 3, 'tag', 'travel') AS linked_now;

\echo '-- A tag that does not exist yet, written and linked in one statement.'
WITH t AS (INSERT INTO tag VALUES ('baking') RETURNING name)
SELECT m2m_link('post', 4, 'tag', name) FROM t;

\echo '-- The form with the tags of post 3 was saved: which links are new, which are gone?'
SELECT * FROM m2m_set('post', 3, 'tag', '{sql,performance}');

\echo '-- Related posts: those that share a tag.'
SELECT p.title, other.title AS related, string_agg(mine.name, ', ' ORDER BY mine.name) AS by
  FROM post p
  JOIN post_tags mine ON mine.post_id = p.id
  JOIN tag_posts other ON other.tag_name = mine.name AND other.id > p.id
 GROUP BY p.id, other.id, other.title ORDER BY p.id, other.id;

\echo '-- How often is each tag used?'
SELECT name, m2m_count('tag', name, 'post') AS posts FROM tag ORDER BY posts DESC, name;

\echo '-- Post 2 loses all its tags; the tags themselves stay.'
SELECT m2m_clear('post', 2, 'tag');
