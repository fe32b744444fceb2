# Random questions of m2m_find against set algebra over the links, which a plain
# join reads in the same transaction. If this fails, a question has a row too
# many or too few, in the wrong order, or not as it is in its table; and what is
# printed, with the seed, asks it again.
#
#   M2M_SEED=…        another run, or "random"; it is printed, to be replayed
#   M2M_QUESTIONS=N   questions of each kind in each phase (default 8)
#
# Kinds are types of keys and shapes of tables; phases are who asks, and what
# has happened to the rows: written in the transaction, by another session after
# the snapshot, at each isolation level, deleted, updated, vacuumed.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{M2M_SEED} // 77;
$seed = int(rand(1_000_000_000)) if $seed eq 'random';
my $wanted = $ENV{M2M_QUESTIONS} // 8;

srand($seed);
note("M2M_SEED=$seed M2M_QUESTIONS=$wanted");

my $node = PostgreSQL::Test::Cluster->new('questions');
my $directory = PostgreSQL::Test::Utils::tempdir;
my $failures = 0;
my %seen;

# l, r: type of key and its value from n, for the rows' table and that of the
# ids; tables are <name>_l, <name>_r and the association <name>. rows: how many
# of l. create: how the relationship is made, if not by m2m_create(l, r).
my $collation = 'COLLATE "C"';
my @kinds = (
	{ name => 'ints', l => [ [ 'int', 'n' ] ], r => [ [ 'smallint', 'n' ] ], rows => 400 },
	{ name => 'many', l => [ [ 'bigint', 'n * 5000000000' ] ], r => [ [ 'bigint', '-n' ] ], rows => 6000, few => 1 },
	{ name => 'texts', l => [ [ 'text ICU', q{md5(n::text) || repeat('x', n % 90)} ] ], r => [ [ 'text', q{'tag ' || n} ] ] },
	{ name => 'uuids', l => [ [ 'uuid', 'md5(n::text)::uuid' ] ], r => [ [ 'm2m_number', 'n / 4.0' ] ] },
	{ name => 'domains', l => [ [ 'm2m_int', '1000 - n' ] ], r => [ [ 'date', q{date '2020-02-20' + n} ] ] },
	{
		name => 'composites',
		l => [ [ 'text', q{'h' || n / 9} ], [ 'int', '-n' ] ],
		r => [ [ 'int', 'n % 3' ], [ 'varchar(5)', q{'v' || n} ] ]
	},
	{ name => 'follow', l => [ [ 'int', 'n' ] ], self => 1, rows => 40 },
	{
		name => 'wide', l => [ [ 'int', 'n' ] ], r => [ [ 'int', 'n' ] ], double => 1,
		create => q{CREATE TABLE wide (l_id int NOT NULL REFERENCES wide_l, r_id int NOT NULL REFERENCES wide_r,
				kind int NOT NULL DEFAULT (random() * 1000000)::int, PRIMARY KEY (l_id, r_id, kind));
			CREATE INDEX ON wide (r_id, l_id);
			SELECT m2m_adopt('wide')}
	},
	{
		name => 'loose', l => [ [ 'int', 'n' ] ], r => [ [ 'int', 'n' ] ], double => 1,
		create => q{CREATE TABLE loose (l_id int REFERENCES loose_l, r_id int REFERENCES loose_r);
			INSERT INTO loose VALUES (1, NULL), (NULL, 1), (NULL, NULL);
			CREATE INDEX ON loose (r_id, l_id);
			SELECT m2m_adopt('loose')}
	},
	{
		name => 'soft', l => [ [ 'int', 'n' ] ], r => [ [ 'int', 'n' ] ], live => 'a.deleted_at IS NULL',
		create => q{CREATE TABLE soft (l_id int NOT NULL REFERENCES soft_l, r_id int NOT NULL REFERENCES soft_r, deleted_at timestamptz);
			CREATE UNIQUE INDEX ON soft (l_id, r_id) WHERE deleted_at IS NULL;
			CREATE INDEX ON soft (r_id, l_id);
			SELECT m2m_adopt('soft', deleted => 'deleted_at')},
		unlink => 'UPDATE soft a SET deleted_at = now() WHERE deleted_at IS NULL AND'
	},
	{
		name => 'tenants', l => [ [ 'int', 'n % 3' ], [ 'int', 'n' ] ], r => [ [ 'int', 'n % 3' ], [ 'int', 'n' ] ],
		link => [ [qw(tenant l_id)], [qw(tenant r_id)] ],
		create => q{SELECT m2m_create('tenants_l', 'tenants_r', 'tenants', left_columns => '{tenant,l_id}', right_columns => '{tenant,r_id}')}
	},
	{
		name => 'parts', l => [ [ 'int', 'n' ] ], r => [ [ 'int', 'n' ] ],
		create => q{CREATE TABLE parts (l_id int NOT NULL REFERENCES parts_l, r_id int NOT NULL REFERENCES parts_r, PRIMARY KEY (l_id, r_id))
				PARTITION BY HASH (l_id);
			CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
			CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
			CREATE INDEX ON parts (r_id, l_id);
			SELECT m2m_adopt('parts')}
	},
	{
		name => 'heirs', l => [ [ 'int', 'n' ] ], r => [ [ 'int', 'n' ] ],
		after => q{CREATE TABLE heirs_child (more int) INHERITS (heirs_l);
			INSERT INTO heirs_child (k1, n, note) SELECT k1, n + 1000, 'heir' FROM heirs_l WHERE n % 4 = 0}
	},
	{
		name => 'twice', l => [ [ 'int', 'n' ] ], r => [ [ 'int', 'n' ] ], via => 1,
		after => q{SELECT m2m_create('twice_l', 'twice_r', 'twice_other', left_view => 'twice_l_others', right_view => 'twice_r_others');
			INSERT INTO twice_other SELECT l.k1, r.k1 FROM twice_l l, twice_r r WHERE l.n % 2 = 1}
	});

start();
make($_) for @kinds;
foreach my $kind (@kinds)
{
	phase($kind, 'as they are');
	phase($kind, 'index by index scan', set => 'SET m2m.index_runs = off') if !$kind->{few};
	phase($kind, 'by SQL', set => 'SET m2m.direct_path = off');
	phase($kind, 'written in the transaction', before => writes($kind));
	foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
	{
		phase($kind, "others write, $level", level => $level, others => writes($kind) . 'COMMIT; VACUUM;');
	}
	phase($kind, 'columns only', role => 'm2m_columns');
	policies($kind, 'ENABLE');
	phase($kind, 'behind policies', role => 'm2m_policies') for 1 .. 2;
	policies($kind, 'DISABLE');
	$node->safe_psql('postgres', "VACUUM $kind->{name}, $kind->{name}_l");
	phase($kind, 'vacuumed');
}
is($failures, 0, "all answers are right, seed $seed");
cmp_ok($seen{questions}, '>', $wanted * 60, "$seen{questions} questions");
cmp_ok($seen{$_} // 0, '>', 80, "$seen{$_} of them: $_")
  foreach ('with an answer', 'page by page', 'as text', 'cursor');
$node->stop;
done_testing();

# ---------------------------------------------------------------------------
# Tables

sub start
{
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', "autovacuum = off\nclient_min_messages = warning\n");
	$node->start;
	$collation = 'COLLATE "und-x-icu"'
	  if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'});
	$node->safe_psql(
		'postgres', q{
		CREATE EXTENSION m2m;
		CREATE DOMAIN m2m_int AS int CHECK (VALUE > 0);
		CREATE DOMAIN m2m_number AS numeric(9, 2);
		CREATE ROLE m2m_columns;
		CREATE ROLE m2m_policies});
	return;
}

# What a table has been through: a column dropped and another added with a
# default after some rows; rows updated in place, and deleted.
sub endpoint
{
	my ($table, $keys, $rows, $more) = @_;
	my @columns = map { "k$_" } 1 .. @$keys;
	my $types = join ', ', map { "k$_ " . $keys->[ $_ - 1 ][0] =~ s/ ICU/ $collation/r } 1 .. @$keys;
	my $values = join ', ', map { $_->[1] } @$keys;

	return "CREATE TABLE $table (junk int, $types, n int, note text, PRIMARY KEY (" . join(', ', @columns) . "));
		INSERT INTO $table SELECT n, $values, n, repeat('note', n % 60) FROM generate_series(1, $rows) n;
		ALTER TABLE $table DROP COLUMN junk, ADD COLUMN later int DEFAULT 7;
		UPDATE $table SET note = 'changed' WHERE n % 7 = 3;";
}

sub make
{
	my ($kind) = @_;
	my $name = $kind->{name};

	$kind->{rows} //= 120;
	$kind->{r} = $kind->{l} if $kind->{self};
	$kind->{ids} = $kind->{self} ? 12 : 10;
	$kind->{tables} = [ "${name}_l", $kind->{self} ? "${name}_l" : "${name}_r" ];
	my $sql = endpoint("${name}_l", $kind->{l}, $kind->{rows});
	$sql .= endpoint("${name}_r", $kind->{r}, 10) if !$kind->{self};
	$sql .= $kind->{create} // "SELECT m2m_create('$kind->{tables}[0]', '$kind->{tables}[1]', '$name'"
	  . ($kind->{self} ? ", 'follower', 'followed')" : ')');
	$node->safe_psql('postgres', $sql);

	# the columns of each side, by the relationship itself
	foreach my $side (0, 1)
	{
		$kind->{link}[$side] //= [ split /,/, $node->safe_psql('postgres',
				'SELECT array_to_string(' . ($side ? 'right_columns' : 'left_columns')
				  . ", ',') FROM m2m_relationships() WHERE association = '$name'::regclass") ];
	}
	my %number = reverse map { split /:/, $_, 2 } split /\n/,
	  $node->safe_psql('postgres', 'SELECT n || $$:$$ || ' . key_text($kind->{r}, 't') . " FROM $kind->{tables}[1] t");
	$kind->{number} = \%number;
	$kind->{value} = [ map { [ split /\|/, $_ ] } split /\n/,
		$node->safe_psql('postgres', 'SELECT ' . join(" || '|' || ", map { "($_->[1])::$_->[0]::text" =~ s/ ICU//r } @{ $kind->{r} })
		  . ' FROM generate_series(0, 99) n') ];
	my @order = split /\n/, $node->safe_psql('postgres', "SELECT e.n FROM ${name}_l e ORDER BY " . join ', ', map { "e.k$_" } 1 .. @{ $kind->{l} });
	$kind->{place} = { map { $order[$_] => $_ } 0 .. $#order };
	# leaf pages of few entries
	$node->safe_psql('postgres', join ";\n",
		'SELECT setseed(' . rand() . ')',
		insert($kind, 'random() + 0 * e.n < CASE WHEN t.n <= 3 THEN 0.7 WHEN t.n <= 6 THEN 0.3 ELSE 0.04 END'),
		$kind->{after} // (),
		"DELETE FROM $name a WHERE random() < 0.05",
		"UPDATE $name SET $kind->{link}[0][-1] = $kind->{link}[0][-1] WHERE random() < 0.1",
		"SELECT format('ALTER INDEX %s SET (fillfactor = 10); REINDEX INDEX %1\$s', indexrelid::regclass) FROM pg_index
			JOIN pg_class c ON c.oid = indexrelid WHERE c.relkind = 'i' AND indrelid = ANY ('{$name,${name}_l}'::regclass[]) \\gexec\nGRANT SELECT ON ${name}_l TO m2m_columns",
		"GRANT SELECT (" . join(', ', unique(map { @$_ } @{ $kind->{link} }), $kind->{live} ? 'deleted_at' : ()) . ") ON $name TO m2m_columns",
		"GRANT SELECT (" . join(', ', map { "k$_" } 1 .. @{ $kind->{r} }) . ") ON $kind->{tables}[1] TO m2m_columns",
		"GRANT SELECT ON $name, ${name}_l, $kind->{tables}[1] TO m2m_policies");
	return;
}

sub unique
{
	my %had;

	return grep { !$had{$_}++ } @_;
}

# One column of a key in several
sub key_text
{
	my ($keys, $alias) = @_;

	return "concat_ws('|', " . join(', ', map { "$alias.k$_" } 1 .. @$keys) . ')';
}

# Links of all pairs for which a condition holds
sub insert
{
	my ($kind, $condition) = @_;
	my (@columns, @values);

	foreach my $side (0, 1)
	{
		foreach my $i (0 .. $#{ $kind->{link}[$side] })
		{
			next if grep { $_ eq $kind->{link}[$side][$i] } @columns;
			push @columns, $kind->{link}[$side][$i];
			push @values, ($side ? 't' : 'e') . '.k' . ($i + 1);
		}
	}
	$condition .= ' AND e.k1 = t.k1' if $kind->{link}[0][0] eq $kind->{link}[1][0];
	return "INSERT INTO $kind->{name} (" . join(', ', @columns) . ') SELECT ' . join(', ', @values)
	  . " FROM ONLY $kind->{tables}[0] e, $kind->{tables}[1] t WHERE t.n <= $kind->{ids} AND ($condition) ON CONFLICT DO NOTHING";
}

# What is done to the links and rows, by whoever: without an end.
sub writes
{
	my ($kind) = @_;
	my ($x, $y, $z) = map { int rand 100 } 1 .. 3;
	my $name = $kind->{name};
	my $unlink = $kind->{unlink} // "DELETE FROM $name a WHERE";

	return "BEGIN;
		$unlink hashtext(a::text) % 9 = $x % 9;
		SAVEPOINT s;
		$unlink hashtext(a::text) % 2 = 0;
		" . insert($kind, "true") . ";
		ROLLBACK TO s;
		" . insert($kind, "(e.n * 7 + t.n * 13 + $y) % 23 = 0") . ";
		" . ($kind->{double} ? insert($kind, "(e.n * 7 + t.n * 13 + $y) % 46 = 0") . ";" : '') . "
		UPDATE $name SET $kind->{link}[1][-1] = $kind->{link}[1][-1] WHERE hashtext($kind->{link}[0][-1]::text) % 5 = $z % 5;
		UPDATE ${name}_l SET note = 'updated $x' WHERE n % 13 = $z % 13;\n";
}

sub policies
{
	my ($kind, $what) = @_;
	my $name = $kind->{name};
	my %condition = (
		"${name}_l" => 'n % 3 <> 0',
		$kind->{tables}[1] => $kind->{self} ? 'n % 5 <> 0' : 'n <> 2',
		$name => "hashtext(${name}::text) % 5 <> 0");

	foreach my $table (grep { $what eq 'DISABLE' || rand() < 0.6 } sort keys %condition)
	{
		$node->safe_psql('postgres', $what eq 'DISABLE'
			? "DROP POLICY IF EXISTS hidden ON $table; ALTER TABLE $table DISABLE ROW LEVEL SECURITY"
			: "CREATE POLICY hidden ON $table USING ($condition{$table}); ALTER TABLE $table ENABLE ROW LEVEL SECURITY");
	}
	return;
}

# ---------------------------------------------------------------------------
# Questions

# phase(kind, what, level, role, set, before, others): questions in one
# transaction, after the links have been read in it. What others write, they do
# after the snapshot was taken and, in READ COMMITTED, before the links are read.
sub phase
{
	my ($kind, $what, %option) = @_;
	my $level = $option{level} // 'READ COMMITTED';
	my $name = $kind->{name};
	my $keys = join ', ', map { "e.k$_" } 1 .. @{ $kind->{l} };
	my $links = "SELECT e.n, " . key_text($kind->{r}, 't') . " FROM ${name}_l e JOIN $name a ON "
	  . join(' AND ', map { "e.k$_ = a.$kind->{link}[0][$_ - 1]" } 1 .. @{ $kind->{l} }) . " JOIN $kind->{tables}[1] t ON "
	  . join(' AND ', map { "t.k$_ = a.$kind->{link}[1][$_ - 1]" } 1 .. @{ $kind->{r} })
	  . ' WHERE ' . ($kind->{live} // 'true');
	my @questions = map { question($kind) } 1 .. ($kind->{few} ? $wanted / 2 : $wanted);
	my $script = ($option{set} // '') . ";\n";
	my $read = "\\echo #links\n$links;\n\\echo #rows\nSELECT e.n FROM ${name}_l e ORDER BY $keys;\n";

	if ($option{before})
	{
		$script .= $option{before};
	}
	else
	{
		$script .= "BEGIN ISOLATION LEVEL $level;\n";
	}
	$script .= "SET LOCAL ROLE $option{role};\n" if $option{role};
	$script .= $read;
	if ($option{others})
	{
		my $file = "$directory/others.sql";

		# a cursor's snapshot is from before, even in READ COMMITTED
		$script .= "DECLARE c$_ CURSOR FOR $questions[$_]{sql};\n" for 0 .. 1;
		append_to_file("$file.$kind->{name}.$level", $option{others});
		$script .= "\\! psql -X -q -d postgres -f '$file.$kind->{name}.$level' </dev/null >/dev/null 2>&1\n";
		$script .= "\\echo #q 0\nFETCH ALL FROM c0;\n\\echo #q 1\nFETCH ALL FROM c1;\n";
		$seen{cursor} += 2;
		$script .= $read if $level eq 'READ COMMITTED';
	}
	foreach my $i (($option{others} ? 2 : 0) .. $#questions)
	{
		$script .= "\\echo #q $i\n$questions[$i]{sql};\n";
		if ($questions[$i]{pages})
		{
			$script .= "\\echo #p $i\n$questions[$i]{pages};\n";
			$seen{'page by page'}++;
		}
	}
	$script .= "\\echo #end\nROLLBACK;\n";
	my ($out, $err);
	$node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0);
	fail_question("$name, $what", $err) if $err ne '';

	my ($section, %has, @rows, @answered) = ('');
	foreach my $line (split /\n/, $out)
	{
		if ($line =~ /^#(.*)/)
		{
			$section = $1;
			%has = () if $section eq 'links';
			@rows = () if $section eq 'rows';
		}
		elsif ($section eq 'links')
		{
			my ($n, $key) = split /\|/, $line, 2;

			$has{$n}{ $kind->{number}{$key} }++;
		}
		elsif ($section eq 'rows')
		{
			push @rows, $line;
		}
		elsif ($section =~ /^([qp]) (\d+)/)
		{
			my $q = $questions[$2];
			my @right = grep { holds($q, $has{$_} // {}) } @rows;

			# of rows with one key, as a parent's and a heir's, either may be first
			if ($1 eq 'q')
			{
				if (defined $q->{after})
				{
					@right = grep { $kind->{place}{$_} > $kind->{place}{ $q->{after} } } @right;
				}
				splice @right, $q->{max_rows} if defined $q->{max_rows} && $q->{max_rows} < @right;
			}
			push @answered, $section;
			$seen{questions}++;
			$seen{'with an answer'}++ if @right;
			$seen{'as text'}++ if $q->{text};
			my $found = $line;
			fail_question("$name, $what, $section: " . ($1 eq 'q' ? $q->{sql} : $q->{pages}), "found: $found\nright: @right")
			  if $found ne "@right";
		}
	}
	fail_question("$name, $what", 'not all questions have an answer')
	  if @answered != grep { /^\\echo #[qp]/ } split /\n/, $script;
	return;
}

sub fail_question
{
	my ($what, $said) = @_;

	$failures++;
	diag("M2M_SEED=$seed: $what\n$said") if $failures <= 5;
	return;
}

# holds(question, {id => 1}): is a row with these links an answer?
sub holds
{
	my ($q, $has) = @_;
	my @ids = keys %$has;

	if ($q->{all_of})
	{
		return 0 if grep { !$has->{$_} } @{ $q->{all_of} };
		return 0 if !@ids && !$q->{unlinked};
	}
	if ($q->{any_of})
	{
		my $n = grep { $has->{$_} } unique(@{ $q->{any_of} });

		return 0 if $n < ($q->{at_least} // 1);
	}
	elsif ($q->{at_least})
	{
		return 0 if @ids < $q->{at_least};
	}
	return 0 if $q->{none_of} && grep { $has->{$_} } @{ $q->{none_of} };
	if ($q->{exactly})
	{
		my %wanted = map { $_ => 1 } @{ $q->{exactly} };

		return 0 if keys %wanted != @ids || grep { !$has->{$_} } keys %wanted;
	}
	return 1;
}

# Some numbers of ids, popular ones most often, now and then one of no row
sub some_ids
{
	my ($kind, $most) = @_;

	return [ map { rand() < 0.03 ? 99 : 1 + int rand(rand() < 0.7 ? 4 : $kind->{ids}) } 1 .. int rand($most + 1) ];
}

sub question
{
	my ($kind) = @_;
	my %q;
	my $name = $kind->{name};

	if (rand() < 0.2)
	{
		$q{exactly} = some_ids($kind, 3);
		$q{all_of} = some_ids($kind, 1) if rand() < 0.2;
	}
	else
	{
		$q{all_of} = some_ids($kind, 3) if rand() < 0.6;
		$q{any_of} = some_ids($kind, 4) if rand() < 0.4;
		$q{none_of} = some_ids($kind, 3) if rand() < 0.4;
		$q{at_least} = 1 + int rand 3 if rand() < 0.3;
		$q{all_of} = some_ids($kind, 2) if !%q;
	}
	my @given = grep { $q{$_} } qw(all_of any_of none_of exactly);

	$q{unlinked} = 1 if @given && rand() < 0.3;
	# where text is one id whatever it looks like, there is no text of several
	$q{text} = @given && rand() < 0.5 && !(grep { @{ $q{$_} } != 1 && $kind->{r}[0][0] =~ /^text/ } @given);
	my @arguments = map { "$_ => " . ids($kind, $q{$_}, $q{text}) } @given;
	push @arguments, "at_least => $q{at_least}" if $q{at_least};
	push @arguments, 'unlinked => true' if $q{unlinked};
	push @arguments, "via => '$name'" if $kind->{via};
	if ($kind->{self})
	{
		# as the other role, the same question is another
		push @arguments, "role => 'follower'";
	}
	my @where = map { "(x.f).k$_" } 1 .. @{ $kind->{l} };
	my $same = "EXISTS (SELECT FROM $kind->{tables}[0] e WHERE (" . join(', ', map { "e.k$_" } 1 .. @where) . ') = ('
	  . join(', ', @where) . ') AND e::text = (x.f)::text)';
	my $row = "(x.f).n || CASE WHEN $same THEN '' ELSE '!' END, ' '";
	my $call = "m2m_find(NULL::$kind->{tables}[0], '$kind->{tables}[1]', " . join(', ', @arguments);

	# a heir has its parent's key: no saying which of them a page ends with
	if ($name eq 'heirs')
	{
		$q{sql} = "SELECT coalesce(string_agg($row ORDER BY o), '') FROM (SELECT f, row_number() OVER (ORDER BY f.k1, y.o) AS o FROM $call) f"
		  . ' JOIN (SELECT n, row_number() OVER (ORDER BY e.k1) AS o FROM heirs_l e) y USING (n)) x';
		return \%q;
	}
	if (@given && rand() < 0.4)
	{
		my $last = @where == 1 ? '(z.last).k1' : 'ROW(' . join(', ', map { "(z.last).k$_" } 1 .. @where) . ')';

		$last = "$last\::text" if $q{text};
		$q{pages} = "WITH RECURSIVE page(o, f) AS (SELECT 0::bigint, NULL::$kind->{tables}[0] UNION ALL"
		  . " SELECT row_number() OVER (), f FROM (SELECT page.f AS last FROM page ORDER BY o DESC LIMIT 1) z, "
		  . "$call, after => CASE WHEN (z.last).k1 IS NOT NULL THEN $last END, max_rows => " . ($kind->{few} ? 700 : 1 + int rand 40) . ') f)'
		  . " SELECT coalesce(string_agg($row ORDER BY " . join(', ', @where) . "), '') FROM page x WHERE x.o > 0";
	}
	if (@given && rand() < 0.3)
	{
		my $n = 1 + int rand $kind->{rows};
		my @values = map { "($_->[1] )" =~ s/\bn\b/$n/gr . "::$_->[0]" =~ s/ ICU//r } @{ $kind->{l} };
		my $after = @values == 1 ? $values[0] : 'ROW(' . join(', ', @values) . ')';

		$q{after} = $n;
		$call .= ", after => $after" . ($q{text} ? '::text' : '');
	}
	if (rand() < 0.3)
	{
		$q{max_rows} = int rand 20;
		$call .= ", max_rows => $q{max_rows}";
	}
	$q{sql} = "SELECT coalesce(string_agg($row ORDER BY o), '') FROM (SELECT f, row_number() OVER () AS o FROM $call) f) x";
	return \%q;
}

# Ids by their numbers, typed or as text
sub ids
{
	my ($kind, $numbers, $text) = @_;
	my @columns = @{ $kind->{r} };
	my $one = @$numbers == 1 && rand() < 0.4;
	my @values;

	foreach my $n (@$numbers)
	{
		my @value = @{ $kind->{value}[$n] };

		if ($text)
		{
			my $id = @value == 1 ? $value[0] : '(' . join(',', @value) . ')';

			return "'$id'" if $one || $columns[0][0] =~ /^text/;
			push @values, $id =~ /[,\s]/ ? qq{"$id"} : $id;
		}
		else
		{
			my $id = join ', ', map { "'$value[$_]'::$columns[$_][0]" =~ s/ ICU//r } 0 .. $#value;

			$id = "ROW($id)" if @value > 1;
			return $id if $one;
			push @values, $id;
		}
	}
	return "'{" . join(',', @values) . "}'" if $text;
	return "ARRAY(SELECT ROW(1, 'x') WHERE false)" if !@values && @columns > 1;
	return 'ARRAY[' . join(', ', @values) . ']' . (@columns == 1 ? "::$columns[0][0]\[]" =~ s/ ICU//r : '');
}
