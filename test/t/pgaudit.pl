# pgAudit with an auditing role: whatever is done to an association table by
# m2m is in the log as the same by hand would be. If this fails, links can be
# made, removed or read without an auditor's knowing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sharedir = `pg_config --sharedir` =~ s/\n//r;
plan skip_all => 'the server has no pgaudit' if !-e "$sharedir/extension/pgaudit.control";

my $node = PostgreSQL::Test::Cluster->new('pgaudit');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pgaudit'\npgaudit.role = 'auditor'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE ROLE auditor; CREATE ROLE clerk;
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY);
	CREATE TABLE book (id int PRIMARY KEY);
	INSERT INTO author SELECT generate_series(1, 30);
	INSERT INTO book SELECT generate_series(1, 2000);
	SELECT m2m_create('author', 'book');
	-- one that has no direct path
	CREATE TABLE tag (id int PRIMARY KEY);
	INSERT INTO tag SELECT generate_series(1, 2000);
	SELECT m2m_create('author', 'tag');
	ALTER TABLE author_tag ADD COLUMN note text DEFAULT 'new';
	GRANT SELECT, INSERT, UPDATE, DELETE ON author_book, author_tag TO auditor, clerk;
	GRANT SELECT, INSERT, UPDATE, DELETE ON author_books, book_authors, author_tags, tag_authors TO clerk;
	GRANT SELECT ON author, book, tag TO clerk});

# What the log says of a table because of a statement: class, command, object.
sub audited
{
	my ($sql, $table) = @_;
	my $offset = -s $node->logfile;

	$node->safe_psql('postgres', "SET ROLE clerk; $sql");
	my $log = slurp_file($node->logfile, $offset);
	my %seen;
	$seen{"$1 of $2"} = 1
	  while $log =~ /AUDIT: OBJECT,\d+,\d+,(\w+,\w+),\w+,(\w+\.$table),/g;
	return join '; ', sort keys %seen;
}

# The call, and what says the same by hand, each undone. $or: what the call may
# have done before, as to look or to try.
sub same_log
{
	my ($what, $call, $hand, $or) = @_;

	foreach my $table ('author_book', 'author_tag')
	{
		my ($far) = $table =~ /author_(\w+)/;
		my ($one, $other) = map { s/\bbook/$far/gr =~ s/_book/_$far/gr } $call, $hand;
		foreach my $path ($table eq 'author_book' ? ('on', 'off') : 'on')
		{
			my $expected = audited("BEGIN; $other; ROLLBACK", $table);

			isnt($expected, '', "$what: by hand it is logged");
			$node->safe_psql('postgres', "ALTER DATABASE postgres SET m2m.direct_path = $path");
			my $got = audited("BEGIN; $one; ROLLBACK", $table);
			$got =~ s/^$or of \w+\.\w+; // if $or;
			is($got, $expected, "$what, $table, direct_path $path");
		}
	}
	return;
}

foreach my $table ('book', 'tag')
{
	$node->safe_psql('postgres', "SELECT m2m_link('author', 9, '$table', ARRAY[1, 2, 3])");
}
my $insert = 'INSERT INTO author_book VALUES (1, 1)';
my $delete = 'DELETE FROM author_book WHERE author_id = 9 AND book_id = 1';
my $select = 'SELECT count(*) FROM author_book WHERE author_id = 9';

same_log('one link', q{SELECT m2m_link('author', 1, 'book', 1)}, $insert);
same_log('many links', q{SELECT m2m_link('author', 1, 'book', array_agg(i)) FROM generate_series(1, 20) i}, $insert);
same_log('links in bulk', q{SELECT m2m_link('author', 1, 'book', array_agg(i)) FROM generate_series(1, 1500) i}, $insert);
same_log('m2m_load', q{SELECT m2m_load('author', 'book', 'SELECT 1, i FROM generate_series(1, 1500) i')}, $insert);
same_log('one unlinked', q{SELECT m2m_unlink('author', 9, 'book', 1)}, $delete);
same_log('many unlinked', q{SELECT m2m_unlink('author', 9, 'book', ARRAY[1, 2])}, $delete);
same_log('m2m_clear', q{SELECT m2m_clear('author', 9, 'book')}, $delete);
same_log('m2m_set', q{SELECT m2m_set('author', 9, 'book', ARRAY[1, 7])}, "$delete; $insert", 'READ,SELECT');
same_log('toggled on', q{SELECT m2m_toggle('author', 1, 'book', 1)}, $insert, 'WRITE,DELETE');
same_log('toggled off', q{SELECT m2m_toggle('author', 9, 'book', 1)}, $delete);
same_log('INSERT into a link view', q{INSERT INTO author_books (author_id, id) VALUES (1, 1)}, $insert);
same_log('INSERT of many', q{INSERT INTO author_books (author_id, id) SELECT 1, i FROM generate_series(1, 1500) i}, $insert);
same_log('DELETE from a link view', q{DELETE FROM author_books WHERE author_id = 9}, $delete, 'READ,SELECT');
same_log('a link view is read', q{SELECT count(*) FROM author_books WHERE author_id = 9}, $select);
same_log('m2m_linked', q{SELECT m2m_linked('author', 9, 'book', 1)}, $select);
same_log('m2m_count', q{SELECT m2m_count('author', 9, 'book')}, $select);
same_log('m2m_find', q{SELECT count(*) FROM m2m_find(NULL::author, 'book', all_of => '{1,2}')}, $select);
same_log('m2m_counts', q{SELECT count(*) FROM m2m_counts(NULL::author, 'book')}, $select);
same_log('m2m_related', q{SELECT count(*) FROM m2m_related(NULL::author, 9, 'book')}, $select);
same_log('m2m_json', q{SELECT m2m_json('author', 9, '{books}')}, $select);
same_log('m2m_copy', q{SELECT m2m_copy('author', 9, 'author', 10)}, "$insert; $select");

# Rows that m2m_find shows are fetched past the executor, too.
$node->safe_psql('postgres', 'GRANT SELECT ON author TO auditor');
my $shown = audited(q{SELECT * FROM author}, 'author');
isnt($shown, '', 'a table read by hand is logged');
is(audited(qq{SELECT count(*) FROM m2m_find(NULL::author, '$_', all_of => '{1,2}')}, 'author'),
	$shown, "rows that are linked to both, $_")
  foreach 'book', 'tag';

done_testing();
