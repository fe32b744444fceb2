# What test/t/equality.pl does to its databases: random operations on the
# relationships of test/equality.d/setup.sql. All randomness is rand()'s, so a
# seed gives the same operations again.
#
# An operation is a hash:
#   what    its sort, for counting
#   sql     the statement
#   hand    what an expert writes instead of a call, with the same result; not
#           of every operation
#   undo    a statement that has to follow in the end
package Equality;
use strict;
use warnings;
use Exporter 'import';
use List::Util qw(max shuffle);

our @EXPORT_OK =
  qw(relationships random_rows random_operation random_call random_change
  random_condition random_key one many pick chance columns);

my %values = (
	int => [ 1 .. 12 ],
	smallint => [ 1 .. 12 ],
	bigint => [ 1 .. 10, 3_000_000_000, -5 ],
	text => [ map { "'$_'" } qw(a b B c aa Zoe zoe Z_ z1), q(it''s), 'a b', '' ],
	code => [ map { "'$_'" } qw(a b c d e f g h i j k l) ],
	uuid => [ map { sprintf "'00000000-0000-0000-0000-%012d'", $_ * 7 % 13 } 1 .. 12 ],
	numeric => [ 0, 1, 2, 3.5, 4, 5.25, -1, 10, 100, 1e3, 7, 8 ],
	date => [ map { "'2024-01-$_'" } 10 .. 21 ],
	mood => [ map { "'$_'" } qw(sad ok happy glad mad calm) ],
	pair => [ map { [ "'" . chr(97 + $_ % 3) . "'", $_ % 5 ] } 1 .. 12 ],
	tenant => [ map { [ 1 + int($_ / 8), $_ % 8 ] } 1 .. 15 ],
	big => [ 1 .. 400 ]);

# As many rows of a table exist at the start: the others are missing ones.
my $existing = 0.7;

sub side
{
	my ($table, $type, $values, $cast) = @_;

	return {
		table => $table, type => $type, values => $values{ $values // $type },
		cast => $cast // $type,
		keys => $type eq 'pair' ? [ 'a', 'b' ] : $type eq 'tenant' ? [ 't', 'id' ] : ['id'] };
}

sub relationship
{
	my ($name, $left, $right, %more) = @_;
	my $rel = {
		name => $name, side => {
			l => side("${name}_l", @$left),
			r => side($more{self} ? "${name}_l" : "${name}_r", @$right) },
		%more };

	foreach my $s (qw(l r))
	{
		my $side = $rel->{side}{$s};

		$side->{role} = $s;
		$side->{view} = "${name}_${s}v";
		# the tenant is one column for both sides
		$side->{columns} = [ map { $_ eq 't' ? $_ : "${s}_$_" } @{ $side->{keys} } ];
	}
	return $rel;
}

# All of them; general: not eligible for the direct path.
sub relationships
{
	my $int = ['int'];

	return (
		relationship('ints', $int, $int),
		relationship('big', [ 'int', 'big' ], [ 'int', 'big' ], big => 1),
		relationship('texts', ['text'], ['uuid']),
		relationship('nums', ['numeric'], ['bigint'], spelled => 1),
		relationship('pairs', ['pair'], $int),
		relationship('both_pairs', ['pair'], ['pair']),
		relationship('self', $int, $int, self => 1),
		relationship('restricts', $int, ['text']),
		relationship('noacts', [ 'varchar(10)', 'code', 'varchar' ], $int),
		relationship('unlogs', $int, ['bigint']),
		relationship('icu', [ 'text', undef, 'text COLLATE "und-x-icu"' ], $int),
		relationship('odd', ['date'], ['mood']),
		relationship('domains', ['code'], ['smallint']),
		relationship('wide', $int, $int, cast => 'bigint'),
		relationship('narrow', ['bigint', 'int'], ['bigint', 'int']),
		relationship('tenants', ['tenant'], ['tenant'], shared => 1),
		relationship('old_tenants', ['tenant'], ['tenant'], shared => 1),
		relationship('self_tenants', ['tenant'], ['tenant'], shared => 1, self => 1),
		relationship('ruled', $int, $int),
		relationship('slotted', $int, $int),
		relationship('temps', $int, ['text'], temporary => 1),
		relationship('props', $int, ['text'], general => 1),
		relationship('deferred', $int, $int, general => 1),
		relationship('triggered', $int, $int, general => 1),
		relationship('parted', $int, $int, general => 1),
		relationship('tagged_tenants', ['tenant'], ['tenant'], shared => 1, general => 1),
		relationship('loose', $int, $int, general => 1));
}

sub pick { return $_[ int rand @_ ]; }

sub chance { return rand() < $_[0]; }

# ---------------------------------------------------------------------------
# keys, as SQL

sub random_key
{
	my ($side) = @_;

	return pick(@{ $side->{values} });
}

# The same number in another spelling, which the numeric key columns keep.
sub spelling
{
	my ($rel, $side, $key) = @_;

	return $key if !$rel->{spelled} || $side->{type} ne 'numeric';
	return $key . ($key =~ /\./ ? '' : '.') . '0' x int rand 4;
}

sub one
{
	my ($side, $key) = @_;

	return ref $key ? "ROW($key->[0], $key->[1])" : "$key\::$side->{type}";
}

sub many
{
	my ($side, @keys) = @_;

	return 'ARRAY[' . join(', ', map { one($side, $_) } @keys) . ']'
	  if ref $side->{values}[0] && @keys;
	return "'{}'::" . $side->{table} . '[]' if ref $side->{values}[0];
	return 'ARRAY[' . join(', ', @keys) . ']::' . $side->{type} . '[]';
}

# Of keys with a column of both sides: nearly always those that the first ones
# can be linked to. Several go with one, or pairwise.
sub fitting
{
	my ($rel, $with, @keys) = @_;

	return @keys if !$rel->{shared};
	return map {
		my $n = $_;
		my $key = @$with > 1 ? $with->[$n] : $with->[0];
		chance(0.98) ? [ $key->[0], $keys[$n][1] ] : $keys[$n]
	} 0 .. $#keys;
}

# The second id or ids of a call, which may do without that column: $with are
# those of the first.
sub second
{
	my ($rel, $side, $many, $with, @keys) = @_;
	my $fit = $rel->{shared} && @keys
	  && !grep { $keys[$_][0] != $with->[ @$with > 1 ? $_ : 0 ][0] } 0 .. $#keys;

	return $many
	  ? ($fit && chance(0.5) ? 'ARRAY[' . join(', ', map { $_->[1] } @keys) . ']' : many($side, @keys))
	  : ($fit && chance(0.5) ? "'$keys[0][1]'" : one($side, $keys[0]));
}

# "l_a, l_b" and "'a', 1"
sub columns { return join ', ', @{ $_[0]{columns} }; }

sub plain
{
	my ($rel, $side, $key) = @_;
	my $cast = $rel->{cast} // $side->{cast};

	return ref $key
	  ? ($rel->{shared} ? "$key->[0], $key->[1]" : "$key->[0]::text, $key->[1]::int")
	  : "$key\::$cast";
}

sub key_is
{
	my ($side, $names, $key) = @_;

	return ref $key
	  ? "$names->[0] = $key->[0] AND $names->[1] = $key->[1]"
	  : "$names->[0] = $key";
}

sub some_keys
{
	my ($rel, $side, $n) = @_;
	my @keys = map { random_key($side) } 1 .. $n;

	return map { spelling($rel, $side, $_) } @keys;
}

# How many ids a bulk call gets: mostly few, and now and then so many that they
# are certainly no longer a few. Of equal keys with different spelling so few
# that the general path's sort keeps their order.
sub some_number
{
	my ($rel) = @_;

	return 1 + int rand 5 if $rel->{spelled};
	return pick(1, 2, 3, 5, 8, 13, 40);
}

# ---------------------------------------------------------------------------
# calls

# The two sides in one order or the other, with what a call says about them.
sub sides
{
	my ($rel) = @_;
	my ($near, $far) = chance(0.5) ? qw(l r) : qw(r l);

	return ($rel->{side}{$near}, $rel->{side}{$far},
		$rel->{self} ? ", role => '$near'" : '');
}

sub call
{
	my ($function, $near, $near_id, $far, $far_id, $more) = @_;

	return "$function('$near->{table}', $near_id, '$far->{table}'"
	  . (defined $far_id ? ", $far_id" : '') . ($more // '') . ')';
}

sub select_call
{
	my $call = call(@_);

	return $_[0] eq 'm2m_set' ? "SELECT * FROM $call" : "SELECT $call";
}

# What an expert writes to insert pairs of keys, [near, far].
sub insert_by_hand
{
	my ($rel, $near, $far, @pairs) = @_;
	my @columns =
	  map { columns($rel->{side}{$_}) } qw(l r);
	my $n = @{ $near->{keys} } + @{ $far->{keys} } - ($rel->{shared} // 0);

	return undef if !@pairs;
	# no expert writes what is refused
	return undef if $rel->{shared} && grep { $_->[0][0] != $_->[1][0] } @pairs;
	$columns[1] =~ s/^t, // if $rel->{shared};
	my $rows = join ', ', map {
		my %of = ($near->{role} => $_->[0], $far->{role} => $_->[1]);
		'(' . ($rel->{shared}
			? "$of{l}[0], $of{l}[1], $of{r}[1]"
			: join(', ', map { plain($rel, $rel->{side}{$_}, $of{$_}) } qw(l r))) . ')'
	} @pairs;
	return "WITH i AS (INSERT INTO $rel->{name} ("
	  . join(', ', @columns)
	  . ") SELECT * FROM (VALUES $rows) v ORDER BY "
	  . join(', ', 1 .. $n)
	  . ' ON CONFLICT (' . join(', ', @columns)
	  . ') DO NOTHING RETURNING 1) SELECT count(*) AS m2m_link FROM i';
}

sub delete_by_hand
{
	my ($rel, $near, $far, @pairs) = @_;

	return undef if !@pairs;
	my $rows = join ' OR ', map {
		'(' . key_is($near, $near->{columns}, $_->[0]) . ' AND '
		  . key_is($far, $far->{columns}, $_->[1]) . ')'
	} @pairs;
	return "WITH d AS (DELETE FROM $rel->{name} WHERE $rows RETURNING 1) SELECT count(*) FROM d";
}

sub by_hand
{
	my ($rel, @arguments) = @_;
	my ($function, @rest) = @arguments;

	return undef if $rel->{general};
	return $function eq 'm2m_link'
	  ? insert_by_hand($rel, @rest)
	  : delete_by_hand($rel, @rest);
}

sub link_or_unlink
{
	my ($rel, $function, $shape) = @_;
	my ($near, $far, $role) = sides($rel);
	my ($near_id, $far_id, @pairs);

	if ($shape eq 'one')
	{
		@pairs = [ some_keys($rel, $near, 1), some_keys($rel, $far, 1) ];
		($pairs[0][1]) = fitting($rel, [ $pairs[0][0] ], $pairs[0][1]);
		($near_id, $far_id) =
		  (one($near, $pairs[0][0]), second($rel, $far, 0, [ $pairs[0][0] ], $pairs[0][1]));
	}
	elsif ($shape eq 'many')
	{
		my ($key) = some_keys($rel, $near, 1);
		my @keys = fitting($rel, [$key], some_keys($rel, $far, some_number($rel)));

		@pairs = map { [ $key, $_ ] } @keys;
		($near_id, $far_id) = (one($near, $key), second($rel, $far, 1, [$key], @keys));
		if (chance(0.3))
		{
			$far_id = many($far, @keys);
			($near, $far, $near_id, $far_id) =
			  ($far, $near, $far_id, $near_id);
			@pairs = map { [ reverse @$_ ] } @pairs;
			$role = $rel->{self} ? ", role => '$near->{role}'" : '';
		}
	}
	else
	{
		my $n = some_number($rel);
		my @near = some_keys($rel, $near, $n);
		my @far = fitting($rel, \@near, some_keys($rel, $far, $n));

		@pairs = map { [ $near[$_], $far[$_] ] } 0 .. $#near;
		($near_id, $far_id) = (many($near, @near), second($rel, $far, 1, \@near, @far));
	}
	return {
		what => "$function $shape",
		sql => select_call($function, $near, $near_id, $far, $far_id, $role),
		hand => scalar by_hand($rel, $function, $near, $far, @pairs) };
}

# Hundreds or thousands of pairs by formula, out of order and with repetitions.
sub bulk
{
	my ($rel, $function) = @_;
	my ($near, $far, $role) = sides($rel);
	my $n = pick(150, 700, 3000);
	my ($p, $q, $limit) = (pick(7, 37, 101), pick(11, 53, 211), pick(100, 280, 280, 400));
	my $series = "generate_series(1, $n) i";
	my ($x, $y) = ("1 + i * $p % $limit", "1 + i * i * $q % $limit");
	my %of = ($near->{role} => $x, $far->{role} => $y);
	my $sql = $function eq 'm2m_load'
	  ? "SELECT m2m_load('$near->{table}', '$far->{table}', \$\$SELECT $x, $y FROM $series\$\$)"
	  : "SELECT $function('$near->{table}', array_agg($x), '$far->{table}', array_agg($y)) FROM $series";

	return {
		what => "$function bulk",
		sql => $sql,
		hand => $function eq 'm2m_unlink'
		? "WITH d AS (DELETE FROM big USING $series WHERE l_id = $of{l} AND r_id = $of{r} RETURNING 1) SELECT count(*) FROM d"
		: "WITH i AS (INSERT INTO big (l_id, r_id) SELECT $of{l}, $of{r} FROM $series ORDER BY 1, 2"
		  . ' ON CONFLICT (l_id, r_id) DO NOTHING RETURNING 1) SELECT count(*) FROM i' };
}

sub load
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my @pairs = map { [ some_keys($rel, $near, 1), some_keys($rel, $far, 1) ] }
	  1 .. some_number($rel);
	($_->[1]) = fitting($rel, [ $_->[0] ], $_->[1]) for @pairs;
	my $rows = join ', ', map {
		'(' . join(', ', map { one($_->[0], $_->[1]) } [ $near, $_->[0] ], [ $far, $_->[1] ]) . ')'
	} @pairs;

	return {
		what => 'm2m_load',
		sql => "SELECT m2m_load('$near->{table}', '$far->{table}', \$\$VALUES $rows\$\$$role)",
		hand => scalar by_hand($rel, 'm2m_link', $near, $far, @pairs) };
}

# What calls refuse, and what is nothing.
sub wrong_call
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my $function = pick(qw(m2m_link m2m_unlink));
	my ($key) = some_keys($rel, $near, 1);
	my @keys = some_keys($rel, $far, 2);
	my $type = ref $keys[0] ? $far->{table} : $far->{type};
	my $far_id = pick("NULL::$type", "NULL::$type" . '[]', "'{}'::$type" . '[]',
		ref $keys[0] ? 'ARRAY[NULL]::record[]' : "ARRAY[$keys[0], NULL]::$type" . '[]');

	return {
		what => 'no id',
		sql => select_call($function, $near, one($near, $key), $far, $far_id, $role) }
	  if chance(0.6);
	return {
		what => 'lengths',
		sql => select_call($function, $near, many($near, $key), $far, many($far, @keys), $role) };
}

sub set
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my ($key) = some_keys($rel, $near, 1);
	my @keys = chance(0.1) ? () : fitting($rel, [$key], some_keys($rel, $far, some_number($rel)));

	return {
		what => 'm2m_set',
		sql => select_call('m2m_set', $near, one($near, $key), $far, second($rel, $far, 1, [$key], @keys), $role) };
}

sub clear
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my @keys = some_keys($rel, $near, chance(0.6) ? 1 : 3);
	my $hand = join ' OR ',
	  map { '(' . key_is($near, $near->{columns}, $_) . ')' } @keys;

	return {
		what => 'm2m_clear',
		sql => select_call('m2m_clear', $near, @keys > 1 ? many($near, @keys) : one($near, @keys), $far, undef, $role),
		hand => $rel->{general} ? undef : "WITH d AS (DELETE FROM $rel->{name} WHERE $hand RETURNING 1) SELECT count(*) FROM d" };
}

sub one_pair
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my $function = pick(qw(m2m_toggle m2m_toggle m2m_linked m2m_count));
	my ($near_key) = some_keys($rel, $near, 1);
	my ($far_key) = fitting($rel, [$near_key], some_keys($rel, $far, 1));
	my ($near_id, $far_id) = (one($near, $near_key), second($rel, $far, 0, [$near_key], $far_key));

	return {
		what => $function,
		sql => select_call($function, $near, $near_id, $far, $function eq 'm2m_count' ? undef : $far_id, $role) };
}

# Several calls in one statement, which sees what it does itself.
sub calls_in_statement
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my @calls = map { call(@$_) }
	  map {
		my ($near_key) = some_keys($rel, $near, 1);
		my ($far_key) = fitting($rel, [$near_key], some_keys($rel, $far, 1));
		my @rest = ($near, one($near, $near_key), $far, one($far, $far_key), $role);
		chance(0.5) ? [ 'm2m_link', @rest ] : [ 'm2m_toggle', @rest ]
	  } 1 .. 3;

	return {
		what => 'calls in one statement',
		sql => 'SELECT ' . join(', ', $calls[0], "(SELECT count(*) FROM $rel->{name})", @calls[ 1, 2 ], "(SELECT count(*) FROM $near->{view})") };
}

# Links a row that the same statement makes.
sub call_on_new_row
{
	my ($rel) = @_;
	my ($near, $far, $role) = sides($rel);
	my ($near_key) = some_keys($rel, $near, 1);
	my ($far_key) = fitting($rel, [$near_key], some_keys($rel, $far, 1));
	my $keys = join ', ', @{ $far->{keys} };
	my $id = ref $far_key ? "ROW($keys)" : $keys;

	return {
		what => 'link a new row',
		sql => "WITH n AS (INSERT INTO $far->{table} ($keys, note) VALUES (" . values_of($far_key)
		  . ", 'made') RETURNING $keys) SELECT "
		  . call('m2m_link', $near, one($near, $near_key), $far, $id, $role) . ' FROM n' };
}

sub values_of { return ref $_[0] ? join ', ', @{ $_[0] } : $_[0]; }

# In PL/pgSQL: a subtransaction, or a function that may not write.
sub call_in_function
{
	my ($rel) = @_;
	my $inner = random_call($rel);
	my $try = chance(0.9) ? 'try' : 'stable_try';
	my $sql = $inner->{sql} =~ s/^SELECT \* FROM m2m_set(.*)$/SELECT m2m_set$1::text/r;

	return {
		what => $try,
		sql => "SELECT lib.$try(\$q\$$sql\$q\$)" };
}

# ---------------------------------------------------------------------------
# link views

# the far key in a view, which shows the column of both once; and its values
sub far_keys { return grep { $_ ne 't' } @{ $_[0]{keys} }; }

sub far_values
{
	my ($rel, $key) = @_;

	return $rel->{shared} ? $key->[1] : ref $key ? @$key : $key;
}

sub view_columns
{
	my ($near, $far) = @_;

	return join ', ', @{ $near->{columns} }, far_keys($far);
}

sub view_rows
{
	my ($rel, $near, $far, $new) = @_;

	return map {
		my ($x) = some_keys($rel, $near, 1);
		my ($y) = some_keys($rel, $far, 1);
		[ (ref $x ? @$x : $x), far_values($rel, $y), $new && chance(0.3) ? "'n$_'" : 'NULL' ]
	} 1 .. some_number($rel);
}

sub view_insert
{
	my ($rel) = @_;
	my ($near, $far) = map { $rel->{side}{$_} } chance(0.5) ? qw(l r) : qw(r l);
	my $new = chance(0.4);
	my @rows = view_rows($rel, $near, $far, $new);
	my $columns = view_columns($near, $far) . ($new ? ', note' : '');
	my @types = $rel->{shared} ? qw(int int int)
	  : map { $_->{type} eq 'pair' ? qw(text int) : $_->{type} } $near, $far;

	push @types, 'text' if $new;
	pop @$_ for $new ? () : @rows;
	my $text = join '', map {
		join("\t", map { s/^'(.*)'$/$1/sr =~ s/''/'/gr =~ s/^NULL$/\\N/r } @$_) . "\n"
	} @rows;

	# Where the command is refused at once, psql reads what follows as SQL: a
	# quote would have it wait for another.
	if (chance(0.3) && !grep({ join('', @$_) =~ /\t|\\/ } @rows) && $text !~ m{['"\$]|--|/[*]})
	{
		return {
			what => 'COPY into view',
			copy => 1,
			sql => "COPY $near->{view} ($columns) FROM stdin;\n$text\\." };
	}
	my $values = join ', ', map { '(' . join(', ', @$_) . ')' } @rows;
	if (chance(0.5))
	{
		my $n = 0;
		my $list = join ', ', map { $n++; "column$n\::$_" } @types;

		return {
			what => 'INSERT ... SELECT into view',
			sql => "INSERT INTO $near->{view} ($columns) SELECT $list FROM (VALUES $values) v" };
	}
	return {
		what => 'INSERT into view',
		sql => "INSERT INTO $near->{view} ($columns) VALUES $values"
		  . (chance(0.2) ? ' ON CONFLICT DO NOTHING' : '')
		  . (chance(0.3) ? ' RETURNING *' : '') };
}

sub view_bulk
{
	my ($rel) = @_;
	my ($n, $limit) = (pick(200, 2500), pick(200, 280, 400));

	return {
		what => 'bulk INSERT into view',
		sql => "INSERT INTO " . pick(qw(big_lv big_rv)) =~ s/(.)v$/$1v (${\($1 eq 'l' ? 'l_id' : 'r_id')}, id)/r
		  . " SELECT 1 + i * 17 % $limit, 1 + i * i % $limit FROM generate_series(1, $n) i" } if chance(0.6);
	return {
		what => 'bulk INSERT of new rows into view',
		sql => "INSERT INTO big_lv (l_id, id, note) SELECT 1 + i % 7, 400 + i, CASE WHEN i % 3 > 0 THEN 'new' END"
		  . " FROM generate_series(1, $n / 10) i",
		undo => 'DELETE FROM big_r WHERE id > 400' };
}

sub view_change
{
	my ($rel) = @_;
	my ($near, $far) = map { $rel->{side}{$_} } chance(0.5) ? qw(l r) : qw(r l);
	my ($x, $z) = some_keys($rel, $near, 2);
	my ($y, $w) = some_keys($rel, $far, 2);
	my $where = key_is($near, $near->{columns}, $x)
	  . (chance(0.5) ? ' AND ' . ($rel->{shared} ? "id = $y->[1]" : key_is($far, $far->{keys}, $y)) : '');
	my $set = chance(0.5)
	  ? '(' . join(', ', far_keys($far)) . ') = ROW(' . join(', ', far_values($rel, $w)) . ')'
	  : $rel->{shared} && chance(0.1) ? "t = 3 - t"
	  : "touched = touched + 1";

	return { what => 'DELETE from view', sql => "DELETE FROM $near->{view} WHERE $where" }
	  if chance(0.5);
	return { what => 'UPDATE of view', sql => "UPDATE $near->{view} SET $set WHERE $where" };
}

# ---------------------------------------------------------------------------
# plain SQL

# Changes of an endpoint row or of a link, which another session makes too.
sub random_change
{
	my ($rel, $of) = @_;
	my $side = $rel->{side}{ pick(qw(l r)) };
	my ($key) = random_key($side);
	my $where = 'WHERE ' . key_is($side, $side->{keys}, $of ? $of->{ $side->{role} } : $key);
	my ($other) = random_key($side);
	my %pair = map { $_ => $of ? $of->{$_} : random_key($rel->{side}{$_}) } qw(l r);
	my $n = int rand 10;

	return {
		what => 'key updated',
		sql => "UPDATE $side->{table} SET (" . join(', ', @{ $side->{keys} }) . ') = ROW(' . values_of($other) . ") $where" }
	  if $n == 0;
	return { what => 'row deleted', sql => "DELETE FROM $side->{table} $where" }
	  if $n == 1;
	return {
		what => 'row deleted and made again',
		sql => "DELETE FROM $side->{table} $where; INSERT INTO $side->{table} (" . join(', ', @{ $side->{keys} }) . ') VALUES ('
		  . values_of($of ? $of->{ $side->{role} } : $key) . ')' }
	  if $n == 2;
	return {
		what => 'row updated',
		sql => "UPDATE $side->{table} SET touched = touched + 1 $where" }
	  if $n == 3;
	return {
		what => 'row locked',
		sql => "SELECT count(*) FROM (SELECT FROM $side->{table} $where FOR "
		  . pick('UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE') . ') s' }
	  if $n == 4 || $n == 5;
	return {
		what => 'pair deleted',
		sql => "DELETE FROM $rel->{name} WHERE " . key_is($rel->{side}{l}, $rel->{side}{l}{columns}, $pair{l})
		  . ' AND ' . key_is($rel->{side}{r}, $rel->{side}{r}{columns}, $pair{r}) }
	  if $n == 6;
	return {
		what => 'pair inserted',
		sql => "INSERT INTO $rel->{name} (" . columns($rel->{side}{l}) . ', ' . ($rel->{shared} ? 'r_id' : columns($rel->{side}{r})) . ') VALUES ('
		  . plain($rel, $rel->{side}{l}, $pair{l}) . ', ' . ($rel->{shared} ? $pair{r}[1] : plain($rel, $rel->{side}{r}, $pair{r})) . ')'
		  . (chance(0.5) || $rel->{name} eq 'loose' ? '' : ' ON CONFLICT DO NOTHING') }
	  if $n == 7 || $n == 8;
	return {
		what => 'row inserted',
		sql => "INSERT INTO $side->{table} (" . join(', ', @{ $side->{keys} }) . ') VALUES (' . values_of($other) . ')' };
}

# A condition under which the following operations run, and its end.
sub random_condition
{
	my ($rel) = @_;
	my ($name, $l, $r) = ($rel->{name}, map { $rel->{side}{$_}{table} } qw(l r));
	my $lcols = columns($rel->{side}{l});
	my $far = $rel->{side}{ pick(qw(l r)) };
	my @conditions = (
		[ 'replica', 'SET session_replication_role = replica', 'RESET session_replication_role', 1 ],
		[ 'check', "ALTER TABLE $name ADD CONSTRAINT c CHECK ($rel->{side}{l}{columns}[0] IS NOT NULL AND "
			  . "$rel->{side}{r}{columns}[0]::text <> '2')" . ' NOT VALID', "ALTER TABLE $name DROP CONSTRAINT c" ],
		[ 'unique index', "CREATE UNIQUE INDEX u ON $name ($lcols) WHERE $rel->{side}{l}{columns}[0]::text = '3'", 'DROP INDEX IF EXISTS u' ],
		[ 'index', "CREATE INDEX i ON $name ($lcols)", 'DROP INDEX i' ],
		[ 'expression index', "CREATE INDEX e ON $name (($rel->{side}{l}{columns}[0]::text || 'x'))", 'DROP INDEX e' ],
		[ 'partial index', "CREATE INDEX p ON $name ($lcols) WHERE $rel->{side}{r}{columns}[0]::text > '2'", 'DROP INDEX p' ],
		[ 'BRIN index', "CREATE INDEX b ON $name USING brin ($lcols)", 'DROP INDEX b' ],
		[ 'row security', "ALTER TABLE $name ENABLE ROW LEVEL SECURITY", "ALTER TABLE $name DISABLE ROW LEVEL SECURITY" ],
		[ 'forced row security', "ALTER TABLE $name ENABLE ROW LEVEL SECURITY; ALTER TABLE $name FORCE ROW LEVEL SECURITY;"
			  . " CREATE POLICY p ON $name USING ($rel->{side}{l}{columns}[0]::text <> '4')",
			"DROP POLICY p ON $name; ALTER TABLE $name NO FORCE ROW LEVEL SECURITY; ALTER TABLE $name DISABLE ROW LEVEL SECURITY" ],
		[ 'endpoint row security', "ALTER TABLE $far->{table} ENABLE ROW LEVEL SECURITY", "ALTER TABLE $far->{table} DISABLE ROW LEVEL SECURITY" ],
		[ 'rule', "CREATE RULE r AS ON INSERT TO $name DO ALSO NOTIFY x", "DROP RULE r ON $name" ],
		[ 'triggers off', "ALTER TABLE $name DISABLE TRIGGER ALL", "ALTER TABLE $name ENABLE TRIGGER ALL", 1 ],
		[ 'endpoint triggers off', "ALTER TABLE $far->{table} DISABLE TRIGGER ALL", "ALTER TABLE $far->{table} ENABLE TRIGGER ALL", 1 ],
		[ 'statement trigger', "CREATE TRIGGER t AFTER INSERT OR DELETE ON $name FOR EACH STATEMENT EXECUTE FUNCTION lib.note_trigger()",
			"DROP TRIGGER t ON $name" ],
		[ 'row trigger', "CREATE TRIGGER t BEFORE INSERT OR DELETE ON $name FOR EACH ROW EXECUTE FUNCTION lib.note_trigger()",
			"DROP TRIGGER t ON $name" ],
		[ 'transition table', "CREATE TRIGGER t AFTER INSERT ON $name REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION lib.note_rows()",
			"DROP TRIGGER t ON $name" ],
		[ 'endpoint trigger', "CREATE TRIGGER t AFTER DELETE OR UPDATE ON $far->{table} FOR EACH ROW EXECUTE FUNCTION lib.note_trigger()",
			"DROP TRIGGER t ON $far->{table}" ],
		[ 'property', "ALTER TABLE $name ADD COLUMN more text DEFAULT 'more'", "ALTER TABLE $name DROP COLUMN more" ],
		[ 'required property', "ALTER TABLE $name ADD COLUMN more text; ALTER TABLE $name ADD CONSTRAINT must CHECK (more IS NOT NULL) NOT VALID",
			"ALTER TABLE $name DROP COLUMN more" ],
		[ 'replica identity nothing', "ALTER TABLE $name REPLICA IDENTITY NOTHING", "ALTER TABLE $name REPLICA IDENTITY DEFAULT" ],
		[ 'replica identity full', "ALTER TABLE $name REPLICA IDENTITY FULL", "ALTER TABLE $name REPLICA IDENTITY DEFAULT" ],
		[ 'publication', "ALTER TABLE $name REPLICA IDENTITY NOTHING; CREATE PUBLICATION pub FOR TABLE $name",
			"DROP PUBLICATION pub; ALTER TABLE $name REPLICA IDENTITY DEFAULT" ],
		[ 'rewritten', "VACUUM FULL $name", 'SELECT' ],
		[ 'vacuumed', "VACUUM (FREEZE) $name", 'SELECT' ],
		[ 'clerk may all', "GRANT SELECT, INSERT, UPDATE, DELETE ON $name, $l, $r, ${name}_lv, ${name}_rv TO clerk; SET ROLE clerk", 'RESET ROLE' ],
		[ 'clerk may', 'REVOKE ALL ON ' . "$name, $l, $r FROM clerk; GRANT " . pick('SELECT', 'INSERT', 'DELETE', 'SELECT, INSERT', 'SELECT, DELETE')
			  . " ON $name TO clerk; GRANT " . pick(qw(SELECT INSERT)) . " ON $l TO clerk; SET ROLE clerk", 'RESET ROLE' ],
		[ 'clerk may columns', 'REVOKE ALL ON ' . "$name, $l, $r FROM clerk; GRANT " . pick('INSERT', "INSERT ($lcols), SELECT ($lcols)") . ", DELETE ON $name TO clerk; GRANT SELECT ("
			  . columns($rel->{side}{r}) . ") ON $name TO clerk; SET ROLE clerk", 'RESET ROLE' ],
		[ 'read only', 'SET default_transaction_read_only = on', 'SET default_transaction_read_only = off' ],
		[ 'no work_mem', "SET work_mem = '64kB'", 'RESET work_mem' ],
		[ 'no indexes', 'SET enable_indexscan = off', 'RESET enable_indexscan' ],
	);

	push @conditions,
	  [ 'row security for clerk', "GRANT ALL ON $name, $l, $r TO clerk; ALTER TABLE $name ENABLE ROW LEVEL SECURITY;"
		  . " CREATE POLICY p ON $name TO clerk USING ($rel->{side}{l}{columns}[0]::text <> '4'); SET ROLE clerk",
		"RESET ROLE; DROP POLICY p ON $name; ALTER TABLE $name DISABLE ROW LEVEL SECURITY" ];
	my ($what, $begin, $end, $orphans) = @{ pick(@conditions) };
	$end .= "; $_" for $orphans ? orphans_removed($rel) : ();
	return { what => $what, begin => $begin, end => $end };
}

# Foreign keys that were off for a while.
sub orphans_removed
{
	my ($rel) = @_;

	return map {
		"DELETE FROM $rel->{name} WHERE (" . columns($_) . ') NOT IN (SELECT ' . join(', ', @{ $_->{keys} }) . " FROM $_->{table})"
	} map { $rel->{side}{$_} } qw(l r);
}

# random_rows(relationship): statements that make endpoint rows, so that there
# are always some.
sub random_rows
{
	my ($rel) = @_;

	return map {
		my $side = $_;
		my @values = grep { chance($existing) } @{ $side->{values} };
		@values = @{ $side->{values} } unless @values;
		"INSERT INTO $side->{table} SELECT * FROM (VALUES "
		  . join(', ', map { '(' . values_of($_) . (ref $_ ? ')' : "::$side->{type})") } @values)
		  . ') v ON CONFLICT DO NOTHING'
	} map { $rel->{side}{$_} } qw(l r);
}

# Calls alone, as also go into functions.
sub random_call
{
	my ($rel) = @_;
	my $n = rand 100;
	my $function = chance(0.7) ? 'm2m_link' : 'm2m_unlink';

	return bulk($rel, $function) if $rel->{big} && $n < 30;
	return link_or_unlink($rel, $function, 'one') if $n < 50;
	return link_or_unlink($rel, $function, 'many') if $n < 65;
	return link_or_unlink($rel, $function, 'pairs') if $n < 80;
	return set($rel) if $n < 90;
	return clear($rel) if $n < 95;
	return one_pair($rel);
}

# random_operation(relationship, what there is): any.
sub random_operation
{
	my ($rel, %has) = @_;
	my $n = rand 100;

	return random_call($rel) if $n < 55;
	return $rel->{big} && chance(0.6) ? bulk($rel, 'm2m_load') : load($rel)
	  if $n < 60 && $has{m2m_load};
	return $rel->{big} && chance(0.5) ? view_bulk($rel) : view_insert($rel)
	  if $n < 72;
	return view_change($rel) if $n < 76;
	return wrong_call($rel) if $n < 78;
	return calls_in_statement($rel) if $n < 80;
	return call_on_new_row($rel) if $n < 83;
	return call_in_function($rel) if $n < 88;
	return merge_or_copy($rel) if $n < 91 && $has{m2m_merge};
	return random_change($rel);
}

# Links of some rows, in all relationships of their table, become another's.
sub merge_or_copy
{
	my ($rel) = @_;
	my $side = $rel->{side}{ pick(qw(l r)) };
	my ($into) = some_keys($rel, $side, 1);
	my @from = some_keys($rel, $side, chance(0.5) ? 1 : pick(2, 3, 8));

	# what a column of both keys has is one thing
	@from = map { chance(0.95) ? [ $into->[0], $_->[1] ] : $_ } @from if $rel->{shared};
	return {
		what => 'm2m_merge',
		sql => "SELECT * FROM m2m_merge('$side->{table}', "
		  . (@from > 1 ? many($side, @from) : one($side, @from)) . ', ' . one($side, $into) . ')' }
	  if chance(0.7);
	return {
		what => 'm2m_copy',
		sql => "SELECT * FROM m2m_copy('$side->{table}', " . one($side, $from[0]) . ", '$side->{table}', " . one($side, $into) . ')' };
}

1;
