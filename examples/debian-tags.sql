-- Debian's packages and their tags. The pairs come on psql's standard input:
--   psql -f examples/debian-tags.sql < examples/debian-tags.tsv

CREATE TABLE package (name text PRIMARY KEY);
CREATE TABLE debtag (name text PRIMARY KEY);
CREATE TEMPORARY TABLE pair (package text NOT NULL, debtag text NOT NULL);
\copy pair FROM pstdin
INSERT INTO package SELECT DISTINCT package FROM pair;
INSERT INTO debtag SELECT DISTINCT debtag FROM pair;

\echo
\echo '-- Every pair, linked by one call with two arrays.'
\timing on
SELECT m2m_link('package', array_agg(package), 'debtag', array_agg(debtag)) AS links FROM pair;
\timing off
\echo
VACUUM ANALYZE package, debtag, package_debtag;

\echo
\echo '-- What is the GIMP?'
SELECT split_part(name, '::', 1) AS facet,
       string_agg(regexp_replace(name, '^.*?::', ''), ', ' ORDER BY name) AS of_the_gimp
  FROM package_debtags
 WHERE package_name = 'gimp'
 GROUP BY facet ORDER BY facet;

\echo '-- The other direction: who plays chess?'
SELECT name FROM debtag_packages WHERE debtag_name = 'game::board:chess' ORDER BY name;

\echo '-- Which packages carry all of these tags? A strategy game, over the network, drawn with SDL:'
SELECT package_name
  FROM package_debtags
 WHERE name IN ('game::strategy', 'network::client', 'uitoolkit::sdl')
 GROUP BY package_name HAVING count(*) = 3 ORDER BY 1;

\echo '-- An audio program written in Python with GTK, but no player:'
SELECT p.name
  FROM package p
 WHERE m2m_linked('package', p.name, 'debtag', 'works-with::audio')
   AND m2m_linked('package', p.name, 'debtag', 'implemented-in::python')
   AND m2m_linked('package', p.name, 'debtag', 'uitoolkit::gtk')
   AND NOT m2m_linked('package', p.name, 'debtag', 'sound::player')
 ORDER BY 1;

\echo '-- Which tags are closest to mail::imap? Jaccard: packages with both, of those with either.'
WITH size AS (SELECT debtag_name, count(*) AS n FROM debtag_packages GROUP BY debtag_name)
SELECT other.name AS tag, count(*) AS both,
       round(count(*)::numeric / (a.n + b.n - count(*)), 2) AS closeness
  FROM debtag_packages mine
  JOIN package_debtags other ON other.package_name = mine.name AND other.name <> mine.debtag_name
  JOIN size a ON a.debtag_name = mine.debtag_name
  JOIN size b ON b.debtag_name = other.name
 WHERE mine.debtag_name = 'mail::imap'
 GROUP BY other.name, a.n, b.n ORDER BY closeness DESC, tag LIMIT 6;

\echo '-- You know mutt. What else might you like?'
WITH mutt AS (SELECT name FROM package_debtags WHERE package_name = 'mutt')
SELECT p.name AS package, count(*) AS shared,
       round(count(*)::numeric / ((SELECT count(*) FROM mutt)
             + m2m_count('package', p.name, 'debtag') - count(*)), 2) AS closeness
  FROM mutt JOIN debtag_packages p ON p.debtag_name = mutt.name
 WHERE p.name <> 'mutt'
 GROUP BY p.name HAVING count(*) > 4 ORDER BY closeness DESC, package LIMIT 6;

\echo '-- A maintainer tags a package anew. What changed?'
SELECT * FROM m2m_set('package', 'vim', 'debtag',
  ARRAY(SELECT name FROM package_debtags WHERE package_name = 'vim' AND name <> 'scope::application')
  || '{use::text-formatting,works-with::software:source}'::text[]);

\echo '-- The database''s word for it: do the views and the join by hand differ anywhere?'
SELECT count(*) AS differences FROM (
  (TABLE package_debtags
    EXCEPT ALL
   SELECT l.package_name, d.name FROM package_debtag l JOIN debtag d ON d.name = l.debtag_name)
  UNION ALL
  (TABLE debtag_packages
    EXCEPT ALL
   SELECT l.debtag_name, p.name FROM package_debtag l JOIN package p ON p.name = l.package_name)) AS d;
