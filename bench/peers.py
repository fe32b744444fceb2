"""The SQL peers of the benchmark: which tables each has, and which statement
each uses for which work. Every peer has a schema of its own with the tables
author and book; links are in author_book, except for the peer "intarray".

In statements, :a and :b stand for an author's and a book's id, and $1, $2 for
an author's id and an array of books' ids.
"""

ENDPOINTS = """
CREATE TABLE author (id bigint PRIMARY KEY{column});
CREATE TABLE book (id bigint PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, {n});
INSERT INTO book SELECT generate_series(1, {n});
"""

BY_HAND = """
CREATE TABLE author_book (
	author_id bigint NOT NULL REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE,
	book_id bigint NOT NULL REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (author_id, book_id));
CREATE INDEX ON author_book (book_id, author_id);
"""

BY_M2M = "SELECT m2m_create('author', 'book');"

# What a careful author of PL/pgSQL would put around the same statements.
WRAPPER = """
CREATE FUNCTION link(a bigint, b bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	INSERT INTO author_book VALUES (a, b) ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
CREATE FUNCTION link(a bigint, b bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	INSERT INTO author_book SELECT a, unnest(b) ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
CREATE FUNCTION link(a bigint[], b bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	INSERT INTO author_book SELECT * FROM unnest(a, b) ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
CREATE FUNCTION unlink(a bigint[], b bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	DELETE FROM author_book USING unnest(a, b) AS p (a, b)
	 WHERE author_id = p.a AND book_id = p.b;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
CREATE FUNCTION set_links(a bigint, b bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM author_book WHERE author_id = a
		AND NOT EXISTS (SELECT FROM unnest(b) AS u WHERE u = book_id);
	INSERT INTO author_book SELECT a, unnest(b) ON CONFLICT DO NOTHING;
END $$;
"""

JOIN_LEFT = ("SELECT b.* FROM author_book ab JOIN book b ON b.id = ab.book_id"
             " WHERE ab.author_id = :a")
JOIN_RIGHT = ("SELECT a.* FROM author_book ab JOIN author a ON a.id = ab.author_id"
              " WHERE ab.book_id = :b")
DELETES = {
    'delete_author': 'DELETE FROM author WHERE id = $1',
    'delete_book': 'DELETE FROM book WHERE id = $1',
}

# Work on a whole table {pairs} of columns a and b.
M2M = {
    'one': "SELECT m2m_link('author', :a::bigint, 'book', :b::bigint)",
    'many': "SELECT m2m_link('author', $1, 'book', $2)",
    'bulk': "SELECT m2m_link('author', array_agg(a), 'book', array_agg(b)) FROM {pairs}",
    'unlink': "SELECT m2m_unlink('author', array_agg(a), 'book', array_agg(b)) FROM {pairs}",
    'set': "SELECT * FROM m2m_set('author', $1, 'book', $2)",
    'read_left': "SELECT id FROM author_books WHERE author_id = :a",
    'read_right': "SELECT id FROM book_authors WHERE book_id = :b",
    'pairs': "SELECT m2m_link('author', $1, 'book', $2)",
    **DELETES,
}

HAND = {
    'one': 'INSERT INTO author_book VALUES (:a, :b) ON CONFLICT DO NOTHING',
    'many': 'INSERT INTO author_book SELECT $1, unnest($2) ON CONFLICT DO NOTHING',
    'bulk': 'INSERT INTO author_book SELECT a, b FROM {pairs} ON CONFLICT DO NOTHING',
    'unlink': 'DELETE FROM author_book USING {pairs} p'
              ' WHERE author_id = p.a AND book_id = p.b',
    # One statement and so one round trip; the two parts touch different rows.
    'set': 'WITH d AS (DELETE FROM author_book WHERE author_id = $1'
           ' AND NOT EXISTS (SELECT FROM unnest($2) AS u WHERE u = book_id))'
           ' INSERT INTO author_book SELECT $1, unnest($2) ON CONFLICT DO NOTHING',
    'read_left': JOIN_LEFT,
    'read_right': JOIN_RIGHT,
    'pairs': 'INSERT INTO author_book SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING',
    **DELETES,
}

PLPGSQL = {
    'one': 'SELECT link(:a::bigint, :b::bigint)',
    'many': 'SELECT link($1, $2)',
    'bulk': 'SELECT link(array_agg(a), array_agg(b)) FROM {pairs}',
    'unlink': 'SELECT unlink(array_agg(a), array_agg(b)) FROM {pairs}',
    'set': 'SELECT set_links($1, $2)',
    'read_left': JOIN_LEFT,
    'read_right': JOIN_RIGHT,
    'pairs': 'SELECT link($1, $2)',
    **DELETES,
}

# intarray knows integer only. No foreign key: deleting a book means finding
# the arrays that hold it, and a book that is not there is not noticed.
ARRAY = {
    'one': 'UPDATE author SET book_ids = book_ids | :b::int WHERE id = :a',
    'many': 'UPDATE author SET book_ids = book_ids | $2::int[] WHERE id = $1',
    'bulk': 'UPDATE author SET book_ids = book_ids | p.b FROM'
            ' (SELECT a, array_agg(b::int) AS b FROM {pairs} GROUP BY a) p'
            ' WHERE id = p.a',
    'unlink': 'UPDATE author SET book_ids = book_ids - p.b FROM'
              ' (SELECT a, array_agg(b::int) AS b FROM {pairs} GROUP BY a) p'
              ' WHERE id = p.a',
    'set': 'UPDATE author SET book_ids = sort($2::int[]) WHERE id = $1',
    'read_left': 'SELECT b.id FROM author a JOIN book b ON b.id = ANY (a.book_ids)'
                 ' WHERE a.id = :a',
    'read_right': 'SELECT id FROM author WHERE book_ids @> ARRAY[:b::int]',
    'delete_author': 'DELETE FROM author WHERE id = $1',
    'delete_book': 'WITH b AS (DELETE FROM book WHERE id = $1)'
                   ' UPDATE author SET book_ids = book_ids - $1::int'
                   ' WHERE book_ids @> ARRAY[$1::int]',
}


class Peer:
    """One peer: a name, the DDL behind its endpoints, its statements."""

    def __init__(self, name, statements, ddl=BY_HAND, settings='', lacks=None):
        self.name = name
        self.statements = statements
        self.ddl = ddl
        self.settings = settings    # of each of its sessions
        self.lacks = lacks          # why it does not do the other work
        self.array = name == 'intarray'

    def create(self, cur, n):
        """Its schema, with n authors and n books."""
        cur.execute(f'DROP SCHEMA IF EXISTS {self.name} CASCADE;'
                    f'CREATE SCHEMA {self.name}; SET search_path = {self.name}, public')
        cur.execute(ENDPOINTS.format(
            n=n, column=", book_ids int[] NOT NULL DEFAULT '{}'" if self.array else ''))
        cur.execute(self.ddl)

    def links(self):
        """A query for all its links."""
        if self.array:
            return f'SELECT id AS a, unnest(book_ids)::bigint AS b FROM {self.name}.author'
        return f'SELECT author_id AS a, book_id AS b FROM {self.name}.author_book'

    def fill(self, cur, query):
        """Adds links that are not there yet, as preparation and not measured."""
        if self.array:
            cur.execute(f'SET search_path = {self.name}, public')
            cur.execute('UPDATE author SET book_ids = book_ids | p.b FROM (SELECT a,'
                        f' array_agg(b::int) AS b FROM ({query}) q GROUP BY a) p WHERE id = p.a')
        else:
            # without the foreign keys' triggers; all ids are known to be there
            cur.execute('SET session_replication_role = replica;'
                        f'INSERT INTO {self.name}.author_book SELECT a, b FROM ({query}) q;'
                        'RESET session_replication_role')

    def empty(self, cur):
        """Removes all links."""
        if self.array:
            cur.execute(f"UPDATE {self.name}.author SET book_ids = '{{}}' WHERE book_ids <> '{{}}'")
        else:
            cur.execute(f'TRUNCATE {self.name}.author_book')

    def tables(self):
        """The tables that its work writes or reads."""
        names = ['author', 'book'] + ([] if self.array else ['author_book'])
        return [f'{self.name}.{name}' for name in names]


BULK_ONLY = 'a way of bulk loading only'
GIN = 'CREATE INDEX ON author USING gin (book_ids gin__int_ops);'

PEERS = [
    Peer('m2m', M2M, BY_M2M),
    Peer('m2m_load', {'bulk': "SELECT m2m_load('author', 'book', 'SELECT a, b FROM {pairs}')"},
         BY_M2M, lacks=BULK_ONLY),
    Peer('m2m_exclusive', {'bulk': "SELECT m2m_load('author', 'book', 'SELECT a, b FROM {pairs}',"
                                   " exclusive => true)"},
         BY_M2M, lacks=BULK_ONLY),
    Peer('m2m_view', {'bulk': 'INSERT INTO author_books (author_id, id) SELECT a, b FROM {pairs}'},
         BY_M2M, lacks=BULK_ONLY),
    Peer('m2m_copy', {'bulk': 'COPY author_books (author_id, id) FROM STDIN'},
         BY_M2M, lacks=BULK_ONLY),
    Peer('m2m_general', M2M, BY_M2M, 'SET m2m.direct_path = off'),
    Peer('hand', HAND),
    Peer('plpgsql', PLPGSQL, BY_HAND + WRAPPER),
    Peer('copy', {'bulk': 'COPY author_book FROM STDIN'},
         lacks='COPY knows no ON CONFLICT: new pairs only'),
    Peer('intarray', ARRAY, GIN, lacks='an array column has no equivalent'),
]

# Further ways of reading, of the peer behind the name.
READERS = {
    'm2m_function': ('m2m', {
        'read_left': 'SELECT b.id FROM author a, author_books(a) b WHERE a.id = :a',
        'read_right': 'SELECT a.id FROM book b, book_authors(b) a WHERE b.id = :b'}),
}
