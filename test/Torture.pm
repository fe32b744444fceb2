# What the sessions of test/t/torture.pl do: transactions at random, on the
# relationships of test/equality.d/setup.sql and test/torture.d/setup.sql. All
# randomness is rand()'s: whoever sets the seed gets the same transaction again.
#
# A transaction is a list of statements, each a hash:
#   what       its sort, for counting
#   sql        the statement
#   savepoint  failing, it takes back no more than itself: ROLLBACK TO s follows
#   cancel, kill  seconds after which it is cancelled, its session terminated
#   may        SQLSTATEs, as a pattern, that it may end with beyond the usual
#   never      usual ones that it may not end with
package Torture;
use strict;
use warnings;
use Equality qw(relationships random_rows random_operation random_key one many pick chance columns);
use Exporter 'import';
use List::Util qw(any shuffle);

our @EXPORT_OK = qw(random_transaction random_history serial_sql serial_order expected);

# Not those that are a session's own, or may hold a pair twice.
my @relationships = grep { !$_->{temporary} && $_->{name} ne 'loose' } relationships();
# Whose rows have one column for a key, and are there for each link: questions are
# asked of these, and rows of these are merged.
my @single = grep { @{ $_->{side}{l}{keys} } == 1 && @{ $_->{side}{r}{keys} } == 1 && $_->{name} ne 'deferred' } @relationships;
my @altered = ((map { ($_, "${_}_l", "${_}_r") } qw(ints texts nums pairs props wide narrow big)), qw(ruled_l ruled_r slotted_l bounded_r));

# What statements on tables that others change at the same time can end with
# when they are written by hand, too.
my $usual = qr/^(?:
	40001 | 40P01 | 55P03 | 57014 |    # others were first, or time was up
	57P0[123] | 08\w\w\w |             # the session or the server went away
	23503 | 23505 | 23001 |            # a row is missing, or is referred to
	25P02)$/x;

# expected(kind of session, statement, SQLSTATE)
sub expected
{
	my ($kind, $statement, $sqlstate) = @_;

	return 0 if $statement->{never} && $sqlstate =~ /^(?:$statement->{never})$/;
	return 1 if $sqlstate =~ $usual;
	# what has too few links is told at the end of a transaction
	return 1 if $sqlstate eq '23514' && $statement->{sql} eq 'COMMIT';
	return 1 if $statement->{may} && $sqlstate =~ /^(?:$statement->{may})$/;
	return 0;
}

# random_transaction(kind of session, its number, may DDL be undone within a
# transaction?)
sub random_transaction
{
	my ($kind, $number, $may_undo) = @_;

	return maintenance() if $kind eq 'maintainer';
	return reader() if $kind eq 'reader';
	my @settings = settings($kind);
	my $operation = $kind eq 'ddl' ? \&ddl : $kind eq 'clerk' ? \&clerk : \&write_something;
	my @statements;

	if (chance(0.5))
	{
		@statements = $operation->($number);
	}
	else
	{
		my $level = pick('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');

		$level = 'READ COMMITTED' if $kind eq 'ddl';
		push @statements, { what => lc $level, sql => "BEGIN ISOLATION LEVEL $level" };
		for (1 .. 1 + int rand 4)
		{
			my @some = $operation->($number);
			my $savepoint = chance(0.4) && ($may_undo || $kind ne 'ddl');

			push @statements, { what => 'savepoint', sql => 'SAVEPOINT s' } if $savepoint;
			$_->{savepoint} = $savepoint for @some;
			push @statements, @some;
			push @statements, { what => 'rolled back to savepoint', sql => 'ROLLBACK TO s' }
			  if $savepoint && chance(0.3);
		}
		push @statements, chance(0.75)
		  ? { what => 'commit', sql => 'COMMIT' }
		  : { what => 'rollback', sql => 'ROLLBACK' };
	}
	disturb($_, $kind) for @statements;
	return (@settings, @statements);
}

sub settings
{
	my ($kind) = @_;
	my $often = $kind eq 'ddl' ? 0.4 : 0.15;
	my %set = (
		lock_timeout => chance($often) ? pick(1, 5, 20, 100) : 30_000,
		statement_timeout => chance($often / 2) ? pick(2, 10, 50, 200) : 60_000);
	my $path = chance(0.8) ? 'on' : 'off';

	return {
		what => 'settings', timeouts => ($set{statement_timeout} < 60_000),
		# one message, all or nothing: the timeouts of before may strike here, too
		sql => join ' \\; ', 'RESET ROLE', (map { "SET $_ = $set{$_}" } sort keys %set),
		  'SET m2m.direct_path = ' . ($ENV{M2M_TORTURE_GENERAL} ? 'off' : $path),
		  ($kind eq 'clerk' ? 'SET ROLE clerk' : ()) };
}

sub disturb
{
	my ($statement, $kind) = @_;
	my $n = rand;
	my $delay = (rand) ** 3 * 0.1;

	$statement->{cancel} = $delay if $n < ($kind eq 'ddl' ? 0.1 : 0.02);
	$statement->{kill} = $delay if $n > 0.994;
	return;
}

# ---------------------------------------------------------------------------
# writing

sub write_something
{
	my ($number) = @_;
	my $n = rand 100;

	return counted() if $n < 14;
	return own($number) if $n < 28;
	return no_op() if $n < 36;
	return scratch() if $n < 38;
	return reading() if $n < 43;
	return promised() if $n < 49;
	return ruled() if $n < 60;
	return asked() if $n < 64;
	return named() if $n < 65;
	return merged() if $n < 67;
	my $rel = pick(@relationships);
	return map { { what => 'rows', sql => $_ } } random_rows($rel) if $n < 71;
	my $operation;

	# calls that are wrong fail in ways of their own
	do { $operation = random_operation($rel, m2m_load => 1) }
	  while $operation->{what} =~ /^(?:no id|lengths)$/;
	delete $operation->{hand};
	# a value that a domain or a type of fewer digits refuses; a function that
	# may not write
	$operation->{may} = '23514|22\w\w\w|0A000|25006';
	return $operation;
}

sub ids
{
	my ($limit, $some) = @_;

	return 'ARRAY[' . join(', ', map { 1 + int rand $limit } 1 .. $some // pick(1, 1, 2, 4, 8)) . ']';
}

# What it says it has done is booked together with it.
sub counted
{
	my ($l, $r) = (1 + int rand 6, 1 + int rand 15);
	my $pairs = pick(1, 3, 6);
	my $call = pick(
		"m2m_link('counted_l', $l, 'counted_r', $r)",
		"m2m_link('counted_l', $l, 'counted_r', " . ids(15) . ')',
		"m2m_link('counted_r', $r, 'counted_l', " . ids(6) . ')',
		"m2m_link('counted_r', " . ids(15, $pairs) . ", 'counted_l', " . ids(6, $pairs) . ')',
		"m2m_load('counted_l', 'counted_r', \$\$SELECT i % 6 + 1, i * $r % 15 + 1 FROM generate_series(1, $l * 3) i\$\$)",
		"m2m_load('counted_r', 'counted_l', \$\$SELECT i * $l % 15 + 1, i % 6 + 1 FROM generate_series(1, $r * 2) i\$\$, exclusive => true)",
		"-m2m_unlink('counted_l', $l, 'counted_r', $r)",
		"-m2m_unlink('counted_l', " . ids(6) . ", 'counted_r', $r)",
		"-m2m_clear('counted_l', $l, 'counted_r')",
		"CASE WHEN m2m_toggle('counted_l', $l, 'counted_r', $r) THEN 1 ELSE -1 END",
		"-lib.count_rows('DELETE FROM counted_lv WHERE l_id = $l AND id > $r')",
		"(SELECT cardinality(linked) - cardinality(unlinked) FROM m2m_set('counted_l', $l, 'counted_r', " . ids(15) . '))',
		"(SELECT cardinality(linked) - cardinality(unlinked) FROM m2m_set('counted_r', $r, 'counted_l', " . ids(6) . '))',
		"(SELECT sum(copied) FROM m2m_copy('counted_l', $l, 'counted_l', 1 + $r % 6))",
		"-(SELECT sum(dropped) FROM m2m_merge('counted_r', " . ids(15) . ", $r))");

	my $table = chance(0.7) ? 'counted' : 'bare';
	my ($what) = $call =~ /(m2m_\w+|DELETE)/;

	$call =~ s/\bcounted/$table/g;
	return (
		{
			what => "$table, $what",
			sql => "INSERT INTO lib.ledger SELECT '$table', n FROM (SELECT $call AS n OFFSET 0) c" },
		# those that were merged are there again, without links
		$what eq 'm2m_merge'
		? { what => 'rows', sql => "INSERT INTO ${table}_r (id) SELECT generate_series(1, 15) ON CONFLICT DO NOTHING" }
		: ());
}

sub own
{
	my ($number) = @_;
	my $way = pick(qw(link link load view view undone undone nested unlink delete set clear));

	return { what => "own, $way", sql => "SELECT lib.own($number, '$way', " . ids(40, pick(1, 2, 5, 20)) . ')' };
}

# Updates that change nothing: HOT chains, places that move.
sub no_op
{
	my $rel = pick(@relationships);
	my ($name, $l, $r) = ($rel->{name}, map { $rel->{side}{$_} } qw(l r));
	my ($column) = pick(@{ $l->{columns} }, @{ $r->{columns} });
	my @all = (columns($l), columns($r));

	# (Not of those whose links are counted: it links again what somebody has
	# unlinked since it began.)
	return {
		what => 'no-op upsert', may => ($name =~ /^(?:ruled|slotted)$/ ? '23514' : undef),
		sql => "INSERT INTO $name SELECT * FROM $name " . (chance(0.5) ? 'LIMIT 5 ' : '') . 'ON CONFLICT ('
		  . join(', ', @all) . ") DO UPDATE SET $column = excluded.$column" }
	  if chance(0.2);
	($name, $column) = ('counted', 'r_id') if chance(0.2);
	($name, $column) = ('own', 'l_id') if chance(0.2);
	return {
		what => 'no-op update',
		sql => "UPDATE $name SET $column = $column"
		  . (chance(0.3) ? '' : " WHERE ctid = ANY (ARRAY(SELECT ctid FROM $name OFFSET " . int(rand 10) . ' LIMIT ' . pick(1, 3, 10) . '))') };
}

# Relationships with rules, few rows of which many links are wanted. What a limit
# refuses is 23514: of too few links at the end, which is that of a statement by
# itself.
sub ruled
{
	my $name = pick(qw(ruled slotted bounded bounded));
	my ($l, $r, $other) = map { 1 + int rand 8 } 1 .. 3;
	my ($ls, $rs) = map { ids(8) } 1, 2;
	my $distinct = "(SELECT DISTINCT unnest($rs) AS r)";
	my @sorts = (
		[ 'm2m_link', "SELECT m2m_link('${name}_l', $l, '${name}_r', $rs)" ],
		[ 'm2m_link', "SELECT m2m_link('${name}_r', $r, '${name}_l', $ls)" ],
		[ 'skip', "SELECT m2m_link('${name}_l', $ls, '${name}_r', $r, over_limit => 'skip')" ],
		[ 'skip', "SELECT m2m_link('${name}_l', $l, '${name}_r', $rs, over_limit => 'skip')" ],
		[ 'm2m_unlink', "SELECT m2m_unlink('${name}_l', $l, '${name}_r', $rs)" ],
		[ 'm2m_unlink', "SELECT m2m_unlink('${name}_r', $r, '${name}_l', $ls)" ],
		[ 'm2m_set', "SELECT * FROM m2m_set('${name}_l', $l, '${name}_r', $rs)" ],
		[ 'm2m_set', "SELECT * FROM m2m_set('${name}_r', $r, '${name}_l', $ls)" ],
		[ 'm2m_toggle', "SELECT m2m_toggle('${name}_l', $l, '${name}_r', $r)" ],
		[ 'm2m_clear', "SELECT m2m_clear('${name}_r', $r, '${name}_l')" ],
		[ 'm2m_load', "SELECT m2m_load('${name}_l', '${name}_r', 'SELECT i, i % 8 + 1 FROM generate_series($l, 8) i')" ],
		[ 'view', "INSERT INTO ${name}_lv (l_id, id) SELECT $l, unnest($rs)" ],
		[ 'view', "DELETE FROM ${name}_rv WHERE r_id = $r AND id <> $l" ],
		[ 'insert', "INSERT INTO $name (l_id, r_id) SELECT $l, r FROM $distinct x ON CONFLICT DO NOTHING" ],
		[ 'upsert', "INSERT INTO $name (l_id, r_id) SELECT $l, r FROM $distinct x ON CONFLICT (l_id, r_id) DO UPDATE SET r_id = $other" ],
		[ 'merge', "MERGE INTO $name a USING $distinct x ON a.l_id = $l AND a.r_id = x.r WHEN MATCHED AND x.r > 4 THEN DELETE"
			  . " WHEN MATCHED THEN UPDATE SET r_id = a.r_id WHEN NOT MATCHED THEN INSERT (l_id, r_id) VALUES ($l, x.r)" ],
		[ 'copy', "COPY $name (l_id, r_id) FROM stdin;\n$l\t$r\n$l\t" . ($r % 8 + 1) . "\n\\." ],
		[ 'exchange', "WITH d AS (DELETE FROM $name WHERE l_id = $l RETURNING 1) SELECT count(*), lib.count_rows('INSERT INTO $name (l_id, r_id) VALUES ($l, $r) ON CONFLICT DO NOTHING') FROM d" ],
		[ 'update', "UPDATE $name SET r_id = r_id % 8 + 1 WHERE l_id = $l AND r_id = $r" ],
		[ 'update', "UPDATE $name SET l_id = $other WHERE l_id = $l AND r_id <> $r" ],
		[ 'delete', "DELETE FROM $name WHERE l_id = $l AND r_id <> $r" ],
		[ 'row made with links', "WITH n AS (INSERT INTO ${name}_l (id) VALUES ($l) ON CONFLICT DO NOTHING RETURNING id)"
			  . " INSERT INTO $name (l_id, r_id) SELECT id, r FROM n, $distinct x" ],
		[ 'row made', "INSERT INTO ${name}_r (id) VALUES ($r), ($other + 8) ON CONFLICT DO NOTHING" ],
		[ 'row deleted', "DELETE FROM ${name}_" . pick('l', 'r') . " WHERE id = $l" ],
		[ 'key updated', "UPDATE ${name}_" . pick('l', 'r') . " SET id = $other WHERE id = $l" ],
		[ 'm2m_merge', "SELECT * FROM m2m_merge('${name}_l', $l, $other)" ],
		[ 'm2m_merge', "SELECT * FROM m2m_merge('${name}_r', $rs, $r)" ],
		[ 'm2m_copy', "SELECT * FROM m2m_copy('${name}_l', $l, '${name}_l', $other)" ],
		[ 'm2m_copy', "SELECT * FROM m2m_copy('${name}_r', $r, '${name}_r', $other)" ],
		[ 'row updated', "UPDATE ${name}_r SET touched = touched + 1 WHERE id = $r" ]);
	my $of = pick('ruled', 'slotted');

	# counters are not for others to write, properties are
	push @sorts, [ 'counter written', "UPDATE ${name}_r SET touched = touched + 1, links = " . pick(0, 'links + 1') . " WHERE id = $r" ]
	  if $name ne 'slotted';
	push @sorts, ([ 'property', "UPDATE slotted SET n = " . pick(1, 2, 'n', 'NULL') . " WHERE l_id = $l" ],
		[ 'property', "INSERT INTO slotted (l_id, r_id, n) VALUES ($l, $r, $other) ON CONFLICT (l_id, r_id) DO UPDATE SET n = excluded.n" ]) x 2
	  if $name eq 'slotted';
	push @sorts, [ 'm2m_restore', "SELECT * FROM m2m_restore('$name', now() - interval '" . pick('1', '0.1') . " second')" ]
	  if $name ne 'bounded';
	push @sorts, [ 'seen', "INSERT INTO lib.seen SELECT '$of', pg_current_snapshot(), lib.links('$of')"
		  . " WHERE pg_current_xact_id_if_assigned() IS NULL" ]
	  for 1 .. 3;
	my ($what, $sql) = @{ pick(@sorts) };

	# an upsert that comes to a row of its own
	# the history may not go so far back, and is not for everybody to read
	return { what => "rules, $what", sql => $sql, may => '23514|21000' . ($what eq 'm2m_restore' ? '|22023|42501' : '') };
}

# An order, links without a direction, and rows that go with their last link. Of
# these, rows are made with a link alone.
sub promised
{
	my $name = pick(qw(ordered dense dense mutual used used));
	my ($l, $r, $other) = map { 1 + int rand 8 } 1 .. 3;
	my ($ls, $rs) = map { ids(8) } 1, 2;
	my $right = $name eq 'mutual' ? 'mutual_l' : "${name}_r";
	my @sorts = (
		[ 'm2m_link', "SELECT m2m_link('${name}_l', $l, '$right', $rs)" ],
		[ 'm2m_link', "SELECT m2m_link('$right', $r, '${name}_l', $ls)" ],
		[ 'm2m_unlink', "SELECT m2m_unlink('${name}_l', $l, '$right', $rs)" ],
		[ 'm2m_unlink', "SELECT m2m_unlink('$right', $r, '${name}_l', $ls)" ],
		[ 'm2m_set', "SELECT * FROM m2m_set('${name}_l', $l, '$right', $rs)" ],
		[ 'm2m_toggle', "SELECT m2m_toggle('${name}_l', $l, '$right', $r)" ],
		[ 'm2m_clear', "SELECT m2m_clear('${name}_l', $l, '$right')" ],
		[ 'm2m_load', "SELECT m2m_load('${name}_l', '$right', 'SELECT i, i % 8 + 1 FROM generate_series($l, 8) i')" ],
		[ 'view', "INSERT INTO ${name}_lv (l_id, id) SELECT $l, unnest($rs)" ],
		[ 'view', "DELETE FROM ${name}_lv WHERE l_id = $l AND id <> $r" ],
		[ 'delete', "DELETE FROM $name WHERE l_id = $l AND r_id <> $r" ],
		[ 'row deleted', "DELETE FROM ${name}_l WHERE id = $l" ],
		[ 'm2m_merge', "SELECT * FROM m2m_merge('${name}_l', $ls, $l)" ],
		[ 'm2m_merge', "SELECT * FROM m2m_merge('$right', $r, $other)" ],
		[ 'm2m_copy', "SELECT * FROM m2m_copy('${name}_l', $l, '${name}_l', $other)" ],
		[ 'm2m_copy', "SELECT * FROM m2m_copy('$right', $r, '$right', $other)" ],
		[ 'row made', "INSERT INTO ${name}_l (id) SELECT generate_series(1, 8) ON CONFLICT DO NOTHING" ]);
	my @order = (
		[ 'insert', "INSERT INTO $name (l_id, r_id) VALUES ($l, $r), ($l, $r % 8 + 1) ON CONFLICT DO NOTHING" ],
		[ 'row deleted', "DELETE FROM ${name}_r WHERE id = $r" ],
		[ 'row made', "INSERT INTO ${name}_r (id) SELECT generate_series(1, 8) ON CONFLICT DO NOTHING" ],
		([ 'm2m_move', "SELECT m2m_move('${name}_l', $l, '${name}_r', $r, " . pick("before => $other", "after => $other", "at => $other") . ')' ]) x 4);
	my %more = (
		ordered => \@order,
		dense => [
			@order,
			([ 'place', "UPDATE dense SET place = " . pick('place + 1', '1', 'NULL', '-place', $other) . " WHERE l_id = $l AND r_id <> $r" ]) x 2,
			[ 'key', "UPDATE dense SET l_id = $other WHERE (l_id, r_id) = ($l, $r)" ],
			[ 'insert', "INSERT INTO dense (l_id, r_id, place) SELECT $l, r, " . pick('NULL', '1', 'r') . " FROM unnest($rs) r ON CONFLICT DO NOTHING" ] ],
		mutual => [
			([ 'insert', "INSERT INTO mutual (l_id, r_id) VALUES ($l, $r), ($r, $l) ON CONFLICT DO NOTHING" ]) x 2 ],
		used => [
			[ 'insert', "INSERT INTO used (l_id, r_id) VALUES ($l, $r) ON CONFLICT DO NOTHING" ],
			[ 'row deleted', "DELETE FROM used_r WHERE id = $r" ],
			([ 'row made with link', "WITH n AS (INSERT INTO used_r (id) VALUES ($r) ON CONFLICT DO NOTHING RETURNING id)"
				  . " INSERT INTO used (l_id, r_id) SELECT $l, id FROM n" ]) x 4 ]);
	my ($what, $sql) = @{ pick(@sorts, @{ $more{$name} }) };

	# rows that are not linked cannot be moved
	return { what => "$name, $what", sql => $sql, may => $what eq 'm2m_move' ? '22023' : undef };
}

# Rows by name, which are made where there is none; two sessions make one.
sub named
{
	my $l = 1 + int rand 5;
	my $names = 'ARRAY[' . join(', ', map { "'" . pick('a' .. 'f') . "'" } 1 .. pick(1, 1, 2, 3, 5)) . ']';
	my @sorts = (
		([ 'm2m_link', "SELECT m2m_link('named_l', $l, 'named_r', $names, by => 'name', create_missing => true)" ]) x 3,
		([ 'm2m_set', "SELECT * FROM m2m_set('named_l', $l, 'named_r', $names, by => 'name', create_missing => true)" ]) x 2,
		[ 'm2m_link', "SELECT m2m_link('named_l', $l, 'named_r', $names, by => 'name')" ],
		[ 'm2m_unlink', "SELECT m2m_unlink('named_l', $l, 'named_r', ARRAY(SELECT id FROM named_r WHERE name = ANY ($names)))" ],
		[ 'row deleted', "DELETE FROM named_r WHERE name = ANY ($names)" ],
		[ 'row renamed', "UPDATE named_r SET name = name WHERE name = ANY ($names)" ],
		[ 'm2m_merge', "SELECT m2m_merge('named_r', ARRAY(SELECT id FROM named_r WHERE name = ANY ($names)), (SELECT max(id) FROM named_r))" ]);
	my ($what, $sql) = @{ pick(@sorts) };

	return {
		what => "named, $what", sql => $sql,
		$what eq 'm2m_merge' ? (may => '22004') : (never => '23505') };
}

# Some rows of a table become one of them, in each relationship that it is in;
# then there are others again.
sub merged
{
	my $rel = chance(0.3) ? (grep { $_->{big} } @single)[0] : pick(@single);
	my $side = $rel->{side}{ pick(qw(l r)) };
	my @keys = map { random_key($side) } 1 .. ($rel->{big} ? 20 : pick(1, 1, 2, 4));

	return (
		{
			what => 'm2m_merge',
			sql => "SELECT * FROM m2m_merge('$side->{table}', " . (@keys == 1 ? one($side, @keys) : many($side, @keys)) . ', '
			  . one($side, random_key($side)) . ')', may => '0A000|23514' },
		{
			what => 'rows',
			sql => "INSERT INTO $side->{table} (id) SELECT unnest(" . many($side, @{ $side->{values} }) . ') ON CONFLICT DO NOTHING' })
	  if chance(0.7);
	return {
		what => 'm2m_copy',
		sql => "SELECT * FROM m2m_copy('$side->{table}', " . one($side, $keys[0]) . ", '$side->{table}', "
		  . one($side, random_key($side)) . ')', may => '0A000|23514' };
}

# Questions, and the same of the association's rows by the same snapshot.
sub asked
{
	my $rel = chance(0.4)
	  ? { name => pick(qw(counted bounded bounded ordered dense mutual used)) }
	  : pick(@single, (grep { $_->{name} =~ /^(?:ruled|slotted|big)$/ } @single) x 2);
	my ($near, $far) = chance(0.5) ? qw(l r) : qw(r l);
	my $name = $rel->{name};
	my $self = $name =~ /^(?:self|mutual)$/;
	my ($rows, $others) = map { $self ? "${name}_l" : "${name}_$_" } $near, $far;
	my $side = $rel->{side}{$far} // { type => 'int', values => [ 1 .. 8 ] };
	my $role = $self ? ", role => '$near'" : '';
	my $list = sub { return many($side, map { pick(@{ $side->{values} }) } 1 .. pick(1, 1, 2, 3)) };
	my ($all, $any, $none) = map { $list->() } 1 .. 3;
	my $n = "(SELECT count(*) FROM $name a WHERE a.${near}_id = e.id AND a.${far}_id = ANY";
	my $least = 1 + int rand 2;

	# TRUNCATE takes links from snapshots of before, too, but not from counters
	my $linked = " WHERE EXISTS (SELECT FROM $name)";
	my ($what, $call, $query) = @{
		pick(
			[
				'all_of', "m2m_find(NULL::$rows, '$others', all_of => $all$role) e",
				"$rows e WHERE $n ($all)) = (SELECT count(DISTINCT x) FROM unnest($all) x)"
			],
			[
				'all_of, none_of', "m2m_find(NULL::$rows, '$others', all_of => $all, none_of => $none$role) e",
				"$rows e WHERE $n ($all)) = (SELECT count(DISTINCT x) FROM unnest($all) x) AND $n ($none)) = 0"
			],
			[
				'any_of', "m2m_find(NULL::$rows, '$others', any_of => $any, at_least => $least$role) e",
				"$rows e WHERE $n ($any)) >= $least"
			],
			[
				'exactly', "m2m_find(NULL::$rows, '$others', exactly => $all$role) e",
				"$rows e WHERE $n ($all)) = (SELECT count(DISTINCT x) FROM unnest($all) x)"
				  . " AND (SELECT count(*) FROM $name a WHERE a.${near}_id = e.id) = (SELECT count(DISTINCT x) FROM unnest($all) x)"
			],
			([
				'm2m_counts', qq{(SELECT ("row").id, links FROM m2m_counts(NULL::$rows, '$others'$role)) e$linked},
				"(SELECT id, (SELECT count(*) FROM $name a WHERE a.${near}_id = e.id) AS links FROM $rows e) e$linked"
			]) x 2,
			[
				'm2m_related',
				qq{(SELECT ("row").id, shared FROM m2m_related(NULL::$rows, }
				  . (map { one($_, pick(@{ $_->{values} })) } $rel->{side}{$near} // $side)[0] . ", '$others'$role)) e",
				undef
			]) };

	# what the row itself has is not related
	if (!defined $query)
	{
		my ($id) = $call =~ /m2m_related\(NULL::\w+, (.*?), '\w+'/;
		$query = "(SELECT r.id, count(*) AS shared FROM $name a JOIN $name b USING (${far}_id)"
		  . " JOIN $rows r ON r.id = b.${near}_id WHERE a.${near}_id = $id AND r.id <> $id GROUP BY 1) e";
	}
	my $columns = 'concat_ws(\' \', e.id' . ($what eq 'm2m_counts' ? ', links' : $what eq 'm2m_related' ? ', shared' : '') . ')';

	# the table may have been altered since the statement was read
	return {
		what => "asked, $what", may => '42804',
		sql => "SELECT lib.same(\$q\$SELECT $columns FROM $call\$q\$, \$q\$SELECT $columns FROM $query\$q\$)" };
}

sub scratch
{
	my ($l, $r) = (1 + int rand 5, ids(5));

	return {
		what => 'scratch', may => '42P01|42704|42883|55000|42703',
		sql => pick(
			"SELECT m2m_link('scratch_l', $l, 'scratch_r', $r, via => 'scratch')",
			"INSERT INTO scratch_lv (l_id, id) SELECT $l, unnest($r)",
			"SELECT count(*) FROM scratch_rv",
			"SELECT m2m_clear('scratch_l', $l, 'scratch_r', via => 'scratch')") };
}

sub reading
{
	my $rel = pick(@relationships);
	my ($near) = $rel->{side}{ pick(qw(l r)) };

	return {
		what => 'read',
		sql => pick(
			"SELECT count(*) FROM $near->{view}",
			"SELECT count(*) FROM $rel->{name}",
			"SELECT count(*) FROM m2m_check('$rel->{name}')",
			"SELECT count(*) FROM $near->{table} n, $near->{view}(n) f") };
}

# Questions to a standby, whose snapshot may be in the way of what it redoes.
sub reader
{
	my @statements = map { asked() } 1 .. pick(1, 1, 2, 5);

	# tables that are not logged are not there; nor what comes by DDL, yet
	$_->{may} .= '|0A000|42P01|42703|42704' for @statements;
	return @statements if chance(0.5);
	return (
		{ what => 'repeatable read', sql => 'BEGIN ISOLATION LEVEL REPEATABLE READ' },
		@statements,
		{ what => 'commit', sql => 'COMMIT' });
}

# A role with few rights; some of what it tries is not for it.
sub clerk
{
	my ($number) = @_;
	my $n = rand 100;
	my ($key) = 2 * (1 + int rand 5);
	my $odd = $key - 1;

	return own($number) if $n < 30;
	return promised() if $n < 35;
	return ruled() if $n < 45;
	return {
		what => 'clerk, not allowed', may => '42501',
		sql => pick(
			"SELECT m2m_link('guarded_l', $odd, 'guarded_r', 1)",
			"SELECT m2m_link('guarded_l', " . "ARRAY[$key, $odd], 'guarded_r', 1)",
			"INSERT INTO guarded_lv (l_id, id) SELECT i, 1 FROM generate_series($odd, 10) i",
			"SELECT m2m_load('guarded_r', 'guarded_l', 'VALUES (1, $odd)')",
			"INSERT INTO guarded_lv (l_id, id) SELECT $odd, i FROM generate_series(1, 6) i WHERE i < 6 OR lib.suggest($key, 1) = 0",
			"SELECT m2m_link('closed_l', 1, 'closed_r', ARRAY[1, 2])",
			"SELECT m2m_toggle('closed_l', 2, 'closed_r', 2)",
			"SELECT * FROM m2m_set('closed_r', 1, 'closed_l', ARRAY[3])",
			"INSERT INTO closed_lv (l_id, id) VALUES (3, 3)") }
	  if $n < 58;
	return {
		what => 'clerk',
		sql => pick(
			"SELECT m2m_link('guarded_l', $key, 'guarded_r', " . ids(10) . ')',
			"SELECT m2m_unlink('guarded_l', $key, 'guarded_r', " . ids(10) . ')',
			"INSERT INTO guarded_lv (l_id, id) SELECT $key, lib.suggest(2, i) FROM unnest(" . ids(10) . ') i',
			"INSERT INTO guarded_rv (r_id, id) SELECT i, $key FROM unnest(" . ids(10) . ') i',
			"DELETE FROM guarded_lv WHERE l_id = $key AND id > 3",
			"SELECT m2m_clear('guarded_l', $key, 'guarded_r')",
			"SELECT * FROM m2m_set('guarded_l', $key, 'guarded_r', " . ids(10) . ')',
			'SELECT count(*) FROM guarded_lv') };
}

# ---------------------------------------------------------------------------
# DDL and maintenance

sub ddl
{
	return write_something(20) if chance(0.15);
	my $table = pick(@altered);
	my $association = $table =~ s/_([lr])$//r;

	# not a name that another table of the relationship may have, which would
	# change what they are called in link views
	my ($extra, $other) = map { 'extra_' . ($1 // 'a') . int rand 3 } 1, 2;
	my $missing = '42701|42710|42703|42P07|42704|55006|42P16|2BP01|42P01|42804|22\w\w\w|0A000';
	my @sorts = (
		[ 'add column', "ALTER TABLE $table ADD COLUMN $extra " . pick('int', 'int DEFAULT 1', 'text', "text DEFAULT 'x'") ],
		[ 'add column', "ALTER TABLE $table ADD COLUMN IF NOT EXISTS $extra int DEFAULT 7" ],
		[ 'drop column', "ALTER TABLE $table DROP COLUMN $extra" ],
		[ 'drop column', "ALTER TABLE $table DROP COLUMN IF EXISTS $extra" ],
		[ 'rename column', "ALTER TABLE $table RENAME COLUMN $extra TO $other" ],
		[ 'alter type', "ALTER TABLE $table ALTER COLUMN $extra TYPE " . pick('text', 'varchar(20)', 'name') ],
		[ 'update of a column', "UPDATE $table SET $extra = NULL" ],
		[ 'fillfactor', "ALTER TABLE $table SET (fillfactor = " . pick(30, 100) . ')' ],
		[ 'index', "CREATE INDEX IF NOT EXISTS other_$table ON $table USING hash (" . ($table eq $association ? 'l_id' : 'touched') . ')' ],
		[ 'drop index', "DROP INDEX IF EXISTS other_$table" ],
		[ 'rename and back', "DO 'BEGIN ALTER TABLE $table RENAME TO other_name; ALTER TABLE other_name RENAME TO $table; END'" ],
		[ 'truncate', 'TRUNCATE ' . pick(qw(ints texts pairs wide props ruled slotted)) ],
		[ 'rule anew', 'SELECT ' . pick("m2m_counter('ruled', 'l', counter => 'links')", "m2m_counter('slotted', 'l')", "m2m_history('slotted')",
				"m2m_limit('bounded', 'l', min => 1, max => 3)", "m2m_limit('ruled', 'l', max => 5)", "m2m_notify('ruled', 'ruled', keys => true)") ],
		[ 'm2m_repair', "SELECT m2m_repair('$association')" ],
		[ 'unrelated table', 'CREATE TABLE IF NOT EXISTS other_table (id int PRIMARY KEY, note lib.other_type)' ],
		[ 'unrelated drop', 'DROP TABLE IF EXISTS other_table CASCADE' ],
		[ 'drop relationship', "SELECT m2m_drop('scratch'" . pick('', ', keep_links => true') . ')' ],
		[ 'create relationship', "SELECT m2m_create('scratch_l', 'scratch_r', name => 'scratch', left_role => 'l', right_role => 'r', left_view => 'scratch_lv', right_view => 'scratch_rv')" ],
		[ 'adopt', "SELECT m2m_adopt('scratch', 'l', 'r', left_view => 'scratch_lv', right_view => 'scratch_rv')" ]);
	my ($what, $sql, $more) = @{ pick(@sorts) };

	return { what => $what, sql => $sql, may => join '|', $missing, $more // () };
}

# By itself, as it may not be in a transaction.
sub maintenance
{
	my $table = pick(@altered, qw(counted own counted self both_pairs icu odd domains ruled slotted slotted_l_counter ruled_history ordered dense mutual used used_r));

	return {
		what => 'settings', timeouts => 0,
		sql => 'SET lock_timeout = ' . pick(20, 500, 5000) . ' \\; SET statement_timeout = 60000' },
	  {
		what => 'maintenance', may => '55000|42P01|0A000|42704',
		pause => rand(0.2),
		sql => pick(
			("VACUUM $table") x 3,
			("VACUUM (FREEZE) $table") x 3,
			"VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) $table",
			"VACUUM (FULL) $table",
			"VACUUM (INDEX_CLEANUP off) $table",
			"ANALYZE $table",
			"REINDEX TABLE $table",
			"SELECT count(*) FROM $table",
			'CHECKPOINT') };
}

# ---------------------------------------------------------------------------
# SERIALIZABLE

# random_history(): transactions on the relationship "serial" and the pairs that
# are linked before; operations as [what, key, keys].
sub random_history
{
	my %linked;

	foreach my $l (1 .. 3) { chance(0.4) and $linked{"$l,$_"} = 1 for 1 .. 3; }
	return (
		\%linked,
		map {
			[
				map {
					[ pick(qw(link link load unlink set clear toggle linked count delete copy merge find counts)),
						1 + int rand 3, [ sort(((shuffle(1 .. 3))[ 0 .. int rand 3 ])) ], chance(0.3) ]
				} 1 .. 1 + int rand 2
			]
		} 1 .. 2 + int rand 2);
}

# An operation as a statement.
sub serial_sql
{
	my ($what, $l, $rs, $turned) = @{ $_[0] };
	my $ids = 'ARRAY[' . join(',', @$rs) . ']';

	return "SELECT m2m_$what('serial_r', $ids, 'serial_l', $l)" if $turned && $what =~ /^(?:un)?link$/;
	return "SELECT m2m_$what('serial_l', $l, 'serial_r', $ids)" if $what =~ /^(?:un)?link$/;
	return "SELECT m2m_load('serial_l', 'serial_r', 'SELECT $l, unnest($ids)')" if $what eq 'load';
	return "SELECT cardinality(linked) || ' ' || cardinality(unlinked) || ' ' || kept FROM m2m_set('serial_l', $l, 'serial_r', $ids)" if $what eq 'set';
	return "SELECT m2m_$what('serial_l', $l, 'serial_r')" if $what =~ /^(?:clear|count)$/;
	return "SELECT copied FROM m2m_copy('serial_l', $l, 'serial_l', $rs->[0])" if $what eq 'copy';
	return "SELECT lib.merged($l, $rs->[0])" if $what eq 'merge';
	return "SELECT string_agg(id::text, ' ' ORDER BY id) FROM m2m_find(NULL::serial_l, 'serial_r', all_of => $ids)" if $what eq 'find';
	return q{SELECT string_agg(("row").id || ' ' || links, ' ' ORDER BY ("row").id) FROM m2m_counts(NULL::serial_l, 'serial_r')} if $what eq 'counts';
	return "SELECT lib.count_rows('DELETE FROM serial_lv WHERE l_id = $l')" if $what eq 'delete';
	return "SELECT m2m_$what('serial_l', $l, 'serial_r', $rs->[0])";
}

# The same on pairs that are linked; what it says.
sub serial_answer
{
	my ($linked, $what, $l, $rs) = ($_[0], @{ $_[1] });
	my @mine = grep { /^$l,/ } keys %$linked;
	my @asked = map { "$l,$_" } @$rs;
	my @new = grep { !$linked->{$_} } @asked;
	my @old = grep { $linked->{$_} } @asked;

	return scalar @mine if $what eq 'count';
	return $linked->{ $asked[0] } ? 't' : 'f' if $what eq 'linked';
	if ($what eq 'find')
	{
		return join ' ', grep { my $row = $_; !grep { !$linked->{"$row,$_"} } @$rs } 1 .. 3;
	}
	if ($what eq 'counts')
	{
		return join ' ', map { my $row = $_; "$row " . grep { /^$row,/ } keys %$linked } 1 .. 3;
	}
	if ($what =~ /^(?:copy|merge)$/)
	{
		my @theirs = map { s/^$l/$rs->[0]/r } @mine;
		my @got = grep { !$linked->{$_} } @theirs;

		return $what eq 'copy' ? 0 : '0 0' if $l == $rs->[0];
		delete @$linked{@mine} if $what eq 'merge';
		$linked->{$_} = 1 for @got;
		return $what eq 'copy' ? scalar @got : @got . ' ' . (@theirs - @got);
	}
	if ($what eq 'toggle')
	{
		return 'f' if delete $linked->{ $asked[0] };
		$linked->{ $asked[0] } = 1;
		return 't';
	}
	if ($what =~ /^(?:clear|delete)$/)
	{
		delete @$linked{@mine};
		return scalar @mine;
	}
	if ($what eq 'unlink')
	{
		delete @$linked{@old};
		return scalar @old;
	}
	if ($what eq 'set')
	{
		my @gone = grep { my $pair = $_; !any { $_ eq $pair } @asked } @mine;

		delete @$linked{@gone};
		$linked->{$_} = 1 for @asked;
		return scalar(@new) . ' ' . scalar(@gone) . ' ' . scalar(@old);
	}
	$linked->{$_} = 1 for @new;
	return scalar @new;
}

# serial_order(linked before, linked after, transactions that committed): is
# there an order in which they say what they said, one after the other? Each
# transaction is a list of [operation, answer].
sub serial_order
{
	my ($before, $after, @transactions) = @_;

	return join(' ', sort keys %$before) eq join(' ', sort keys %$after) if !@transactions;
  FIRST: foreach my $i (0 .. $#transactions)
	{
		my %linked = %$before;

		foreach my $step (@{ $transactions[$i] })
		{
			next FIRST if serial_answer(\%linked, $step->[0]) ne $step->[1];
		}
		return 1
		  if serial_order(\%linked, $after, @transactions[ grep { $_ != $i } 0 .. $#transactions ]);
	}
	return 0;
}

1;
