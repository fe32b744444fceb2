# Random DDL on three relationships, and the same DDL on the same tables in a
# twin database without m2m. If this fails, somebody's DDL ends otherwise
# because m2m is there, or leaves a relationship that is not what it should be.
#
# After each statement:
#
# - it ended as it did in the twin (SQLSTATE, and no warning), and the tables
#   are what they are there: columns, constraints, indexes, owners, privileges,
#   rows. Only user objects that depend on link views, which the twin cannot
#   have, may make a command fail, and only with PostgreSQL's own codes;
# - each link view and function shows the recomputed join, by columns and rows;
# - what m2m did not need to change about them is as it was: owners, grants,
#   comments, options, defaults, users' names for columns;
# - m2m_check() is silent, unless the statement took away what it reports; and
#   then m2m_repair() mends it.
#
# Outside transactions a second session does the looking, and links and unlinks
# by calls and views between the statements; and a third reads link views while
# a statement runs: it must not see anything but what is there before or after,
# nor deadlock where it would not do so with the tables alone.
#
# No wait is without an end: a lock that is not had within seconds, or a psql
# that does not answer, is a failure that shows who waits for whom.
#
#   M2M_SEED=…          another run, or "random"; it is printed, to be replayed
#   M2M_RANDOM_DDL=N    number of statements (default: 400)
#   M2M_RANDOM_DDL_SECONDS=N
#                       ends sooner where these take longer (default: 300)
#   M2M_KEEP_GOING=N    goes on after a failure, up to N, on fresh databases
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/..";
use IO::Select;
use IPC::Open3;
use JSON::PP;
use List::Util qw(any max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomDdl qw(random_action random_inner_step);
use Test::More;

my $seed = $ENV{M2M_SEED} // 400;
$seed = int(rand(1_000_000_000)) if $seed eq 'random';
my $wanted = $ENV{M2M_RANDOM_DDL} // 400;
my $seconds = $ENV{M2M_RANDOM_DDL_SECONDS} // 300;
my $failures_wanted = $ENV{M2M_KEEP_GOING} // 1;

# Nothing here takes a second on an idle machine. The server gives up first,
# since its message says more than that psql is silent.
my $look_seconds = 10;
my $lock_seconds = 30;
my $statement_seconds = 60;
my $psql_seconds = 90;

srand($seed);
note("M2M_SEED=$seed M2M_RANDOM_DDL=$wanted");

my $node = PostgreSQL::Test::Cluster->new('random_ddl');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nlog_statement = none");
$node->start;

# The databases of one world, copied from templates: m2m's, and the twin.
my ($ddl, $twin, $other, $reader);
my $state;
my (@log, @failures, %seen);
my $number = 0;
my $in_transaction = 0;

make_templates();
fresh_world();
my $stop = time + $seconds;
while ($number < $wanted && @failures < $failures_wanted && time < $stop)
{
	my $before = @failures;

	eval { run_action(random_action($state)); 1 } or failure($@);
	fresh_world() if @failures > $before && @failures < $failures_wanted;
}
close_sessions();
is(scalar(@failures), 0, "$number random statements, seed $seed");
diag("only $number of $wanted statements in $seconds seconds, seed $seed")
  if $number < $wanted && !@failures;
foreach my $kind (
	$number < 400
	? ()
	: (
		'add column', 'drop column', 'rename column', 'alter type',
		'savepoint', 'do block', 'linked between', 'read meanwhile',
		'failed as in the twin'))
{
	ok((any { index($_, $kind) == 0 } keys %seen), "some of them: $kind");
}
diag("$_: $seen{$_}") for $ENV{M2M_RANDOM_DDL} ? sort keys %seen : ();
done_testing();

# ---------------------------------------------------------------------------
# sessions: psql processes that answer one statement at a time

sub open_session
{
	my ($database) = @_;
	my $errors = "$PostgreSQL::Test::Utils::tmp_check/$database.$number";
	my ($in, $out);

	open my $err, '>', $errors or die "$errors: $!";
	my $pid = open3(
		$in, $out,
		'>&' . fileno($err),
		'psql', '-X', '-q', '-A', '-t',
		'-h', $node->host, '-p', $node->port,
		'-d', $database);
	open my $read, '<', $errors or die "$errors: $!";
	unlink $errors;
	my $session = {
		in => $in, out => $out, err => $read, pid => $pid, buffer => ''
	};
	$in->autoflush(1);
	binmode $_, ':encoding(UTF-8)' for $in, $read;
	query($session, "SET statement_timeout = '${statement_seconds}s'");
	query($session, "SET lock_timeout = '${lock_seconds}s'");
	query($session, "SET client_min_messages = notice");
	return $session;
}

# psql ends at the end of its input, unless it is stuck.
sub close_session
{
	my ($session) = @_;

	kill 'TERM', $session->{pid} if $session->{stuck};
	close $session->{in};
	waitpid $session->{pid}, 0;
	close $session->{out};
	close $session->{err};
	return;
}

# Runs a statement; what it printed, its SQLSTATE, its messages. Dies if it
# waited too long, be it for a lock, be it that psql does not answer.
sub execute
{
	my ($session, $sql) = @_;

	send_off($session, $sql);
	return receive($session, $sql);
}

sub send_off
{
	my ($session, $sql) = @_;

	print { $session->{in} } "$sql;\n\\echo == :SQLSTATE\n";
	return;
}

sub receive
{
	my ($session, $sql) = @_;
	my ($answer, $waiting) = answer($session);
	my $messages = messages($session);
	die "no answer to: $sql\n$messages$waiting" if !defined $answer;

	my ($rows, $sqlstate) = $answer =~ /^(.*?)\n?^== (\w+)$/ms;
	die "$sqlstate at: $sql\n$messages$waiting"
	  if $sqlstate =~ /^(40P01|55P03|57014)$/ && $session != $reader;
	note("took long: $sql\n$waiting") if $waiting ne '';
	return ($rows, $sqlstate, $messages);
}

# What psql prints up to the line with the SQLSTATE, and where that took long,
# who waited for whom. The former is undef if that line does not come at all.
sub answer
{
	my ($session) = @_;
	my $end = time + $psql_seconds;
	my $ready = IO::Select->new($session->{out});
	my $waiting = '';

	while (1)
	{
		if ($session->{buffer} =~ s/\A(.*?^== \w+)\n//ms)
		{
			my $answer = $1;

			utf8::decode($answer);
			return ($answer, $waiting);
		}
		if ($ready->can_read($look_seconds))
		{
			next if sysread $session->{out}, $session->{buffer}, 65536,
			  length $session->{buffer};
		}
		else
		{
			$waiting ||= waiting();
			next if time < $end;
		}
		$session->{stuck} = 1;
		return (undef, $waiting);
	}
}

# What psql wrote to its stderr since it was last asked.
sub messages
{
	my ($session) = @_;

	seek $session->{err}, 0, 1;
	return join '', readline $session->{err};
}

# Who waits for whom, seen from outside.
sub waiting
{
	my $who = eval {
		$node->safe_psql('postgres', q{
			SELECT format('pid %s in %s, %s, waits for %s, blocked by %s: %s', pid, datname,
				state, coalesce(wait_event_type || ' ' || wait_event, 'nothing'),
				pg_blocking_pids(pid), query)
			FROM pg_stat_activity
			WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
			UNION ALL
			SELECT format('pid %s, lock %s on %s %s in database %s: %s', pid, mode, locktype,
				coalesce(relation::text, classid || ' ' || objid), database,
				CASE WHEN granted THEN 'held' ELSE 'waits' END)
			FROM pg_locks
			WHERE pid <> pg_backend_pid() AND locktype <> 'virtualxid'},
			timeout => 30);
	} // "the server does not answer: $@";

	return "$who\n";
}

# The same for statements of the test's own, which do not fail.
sub query
{
	my ($session, $sql) = @_;
	my ($rows, $sqlstate, $messages) = execute($session, $sql);

	die "$sql\n$messages\n" if $sqlstate ne '00000';
	return $rows;
}

# ---------------------------------------------------------------------------
# the world

sub make_templates
{
	$node->safe_psql('postgres', q{
		CREATE ROLE alice; CREATE ROLE bob; CREATE ROLE carol;
		CREATE ROLE reader; GRANT bob TO alice;
		CREATE DATABASE m2m_template; CREATE DATABASE twin_template;
	});
	load('twin_template', qw(fingerprint tables joins links));
	$node->safe_psql('twin_template',
		"CREATE FUNCTION oracle.step(role text) RETURNS void LANGUAGE sql AS ''");
	load('m2m_template',
		qw(fingerprint tables relationships links oracle watch));
	# comments that m2m gave to tables are no difference
	my $comments = $node->safe_psql('m2m_template', q{
		SELECT format('COMMENT ON TABLE %s IS %L;', relid::regclass,
			obj_description(relid, 'pg_class')) FROM oracle.slot
		UNION ALL
		SELECT format('COMMENT ON COLUMN %s.%I IS %L;', relid::regclass, attname,
			col_description(relid, attnum))
		FROM oracle.slot JOIN pg_attribute ON attrelid = relid AND attnum > 0});
	$node->safe_psql('twin_template', $comments);
	return;
}

sub fresh_world
{
	close_sessions();
	$in_transaction = 0;
	@log = ();
	foreach my $name (qw(m2m twin))
	{
		$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name");
		$node->safe_psql('postgres',
			"CREATE DATABASE $name TEMPLATE ${name}_template");
		# to rename schemas
		$node->safe_psql('postgres', "GRANT CREATE ON DATABASE $name TO alice");
	}
	$ddl = open_session('m2m');
	$other = open_session('m2m');
	$twin = open_session('twin');
	# in a deadlock it is the reader who finds out or, if it waited before there
	# was one, gives up first
	$reader = open_session('m2m');
	query($reader, "\\set VERBOSITY sqlstate\nSET deadlock_timeout = '100ms'");
	query($reader, "SET lock_timeout = '10s'");
	query($ddl, "SET deadlock_timeout = '${lock_seconds}s'");
	read_state();
	return;
}

sub close_sessions
{
	close_session($_) for grep { defined } $ddl, $other, $twin, $reader;
	($ddl, $other, $twin, $reader) = ();
	return;
}

sub load
{
	my ($database, @files) = @_;

	$node->safe_psql($database, slurp_file("test/random_ddl.d/$_.sql"))
	  for @files;
	return;
}

sub read_state
{
	$state = JSON::PP->new->decode(
		query($in_transaction ? $ddl : $other, 'SELECT oracle.state()'));
	return;
}

# ---------------------------------------------------------------------------
# running statements in both databases

sub failure
{
	my ($what) = @_;

	my $report = join "\n", "seed $seed, statement $number: $what",
	  'what led to it, since the databases were made:',
	  @log[ max(0, $#log - ($ENV{M2M_LOG} // 1000)) .. $#log ];

	push @failures, $what;
	utf8::encode($report);
	diag($report);
	return;
}

# Runs a step in m2m's database and in the twin, and compares. Returns the
# SQLSTATE that it ended with in m2m's.
sub run_step
{
	my ($step) = @_;
	my $sql = $step->{sql};
	my $role = $step->{role} ? "SET ROLE $step->{role}" : 'RESET ROLE';
	my $dependents = any { $_->{table} =~ /^lv_/ } @{ $state->{extra} // [] };
	my ($rows, $sqlstate, $messages, $twin_rows, $twin_sqlstate,
		$twin_messages);

	$number++;
	$dependents ||= @{ $state->{lf} // [] };
	# nor is a schema empty that a link view was moved to
	$dependents ||= any { index($_->{name}, "$step->{schema}.") == 0 }
	  @{ $state->{views} // [] }
	  if defined $step->{schema};
	push @log, "$role; $sql;" . ($step->{only_m2m} ? ' -- m2m only' : '');
	query($ddl, $role);
	my $reading = !$in_transaction
	  && $step->{kind} ne 'do block'
	  && rand() < 0.5
	  && start_reading();
	($rows, $sqlstate, $messages) = execute($ddl, $sql);
	push @log, "-- $sqlstate";
	finish_reading($step, $reading) if $reading;
	$seen{ $step->{kind} }++ if $sqlstate eq '00000';
	$seen{'failed as in the twin'}++ if $sqlstate ne '00000';
	query($ddl, 'RESET ROLE') if $sqlstate eq '00000' || !$in_transaction;

	if (!$step->{only_m2m})
	{
		my $undo = $sqlstate ne '00000' && !$in_transaction
		  && !$step->{outside};

		query($twin, $role);
		query($twin, 'BEGIN') if $undo;
		query($twin, 'SAVEPOINT guard') if $in_transaction;
		($twin_rows, $twin_sqlstate, $twin_messages) = execute($twin, $sql);
		query($twin, 'ROLLBACK') if $undo;
		query($twin, 'ROLLBACK TO guard')
		  if $in_transaction && $sqlstate ne '00000';
		query($twin, 'RESET ROLE') if $sqlstate eq '00000' || !$in_transaction;
	}
	else
	{
		($twin_sqlstate, $twin_messages) = ($sqlstate, '');
		failure("\"$sql\" ended with $sqlstate: $messages")
		  if $sqlstate !~ ($step->{expect} // qr/^00000$/);
	}
	if ($sqlstate ne $twin_sqlstate)
	{
		if ($sqlstate =~ /^(2BP01|0A000)$/ && $dependents)
		{
			$seen{"user's view protected"}++;
		}
		else
		{
			failure("\"$sql\" ended with $sqlstate, in the twin with"
				  . " $twin_sqlstate: $messages");
		}
	}
	foreach my $warning ($messages =~ /^(WARNING: .*|NOTICE:  state .*)$/mg)
	{
		next if $twin_messages =~ /^\Q$warning\E$/m;
		failure("\"$sql\": $warning") unless $step->{warnings};
	}
	return $sqlstate if $sqlstate ne '00000' && $in_transaction;

	my $looker = $in_transaction ? $ddl : $other;
	if ($sqlstate eq '00000')
	{
		query($looker, 'UPDATE oracle.flag SET findings = true')
		  if $step->{findings};
		query($looker, $step->{note}) if $step->{note};
	}
	check($sqlstate eq '00000' ? @{ $step->{tags} // [] } : (),
		$step->{role} ? "role:$step->{role}" : 'role:' . getpwuid($<));
	return $sqlstate;
}

# Has the reader read a relationship some times over, without waiting for it.
sub start_reading
{
	my @views = @{ $state->{views} // [] } or return;
	my $view = $views[ rand @views ];
	my @ways = (
		"SELECT count(*) FROM $view->{name}",
		"SELECT count(*) FROM $view->{endpoint} n, $view->{function}(n) f",
		"SELECT count(*) FROM $view->{name} LIMIT 0");
	my $sql = join ";\n", map { $ways[ rand @ways ] } 1 .. 10;

	push @log, "$ways[0]; -- reader, meanwhile, or by function";
	send_off($reader, $sql);
	return $sql;
}

# What it read must have been there before or be there now, whatever the
# statement does: at most a name may not be found, or columns may not be those
# that a link function expects, as PostgreSQL reads its body late. Where a
# statement locks several tables, as it does for a foreign key, a reader of
# their join can deadlock with it in the twin, too. (So can a transaction of
# several statements, and hence a DO block, with a reader of a view.)
sub finish_reading
{
	my ($step, $sql) = @_;
	my $many = $step->{sql} =~ /CASCADE|REFERENCES|TRUNCATE|DROP TABLE|DROP SCHEMA|OWNED/
	  || $step->{kind} =~ /key|several|inherit|^type$|constraint|disable/;
	my ($rows, $sqlstate, $messages) = receive($reader, $sql);

	foreach my $error ($messages =~ /^.*ERROR:  (\w+)/mg)
	{
		$seen{"reader got $error"}++;
		next if $error =~ /^(42P01|42883|3F000)$/;
		next if $error =~ /^(42703|42804|42P13)$/ && $step->{sql} =~ /COLUMN/;
		next if $error eq '42501' && $step->{kind} eq 'security_invoker';
		next if $error =~ /^(40P01|55P03)$/ && $many;
		failure("while \"$step->{sql}\" ran, reading ended with $error:\n$sql");
		last;
	}
	$seen{'read meanwhile'}++;
	return;
}

# Compares all with all.
sub check
{
	my @tags = @_;
	my $looker = $in_transaction ? $ddl : $other;
	my $tags = join ',', map { "'" . s/'/''/gr . "'" } @tags;
	my ($problems, $sqlstate, $messages) =
	  execute($looker, "SELECT oracle.check(ARRAY[$tags]::text[])");

	if ($sqlstate ne '00000')
	{
		failure("looking fails: $messages");
		return;
	}
	failure($problems) if $problems ne '';
	read_state();
	my $excluded = "'" . $state->{excluded} =~ s/'/''/gr . "'";
	my $fingerprint = "SELECT oracle.fingerprint($excluded)";
	if (query($looker, $fingerprint) ne query($twin, $fingerprint))
	{
		my $all = "SELECT oracle.tables($excluded)";
		my %ours = map { $_ => 1 } split /\n/, query($looker, $all);
		my %theirs = map { $_ => 1 } split /\n/, query($twin, $all);

		failure("tables differ from the twin's:\n"
			  . join "\n",
			(map { "m2m:  $_" } grep { !$theirs{$_} } sort keys %ours),
			(map { "twin: $_" } grep { !$ours{$_} } sort keys %theirs));
	}
	return;
}

# An action: a step, several in a transaction, or a DO block.
sub run_action
{
	my ($action) = @_;
	my @steps = @{ $action->{steps} // [] };
	my $before = @failures;

	if (!$action->{transaction})
	{
		foreach my $step (@steps)
		{
			run_step($step);
			last if @failures > $before;
		}
	}
	else
	{
		run_transaction($action);
	}
	return if @failures > $before;
	heal();
	link_between() if @failures == $before && rand() < 0.6;
	return;
}

sub both
{
	my ($sql) = @_;

	push @log, "$sql;";
	query($_, $sql) for $ddl, $twin;
	return;
}

# Steps of a transaction are made up as it goes; some are taken back.
sub run_transaction
{
	my ($action) = @_;
	my $savepoints = 0;
	my $before = @failures;

	both('BEGIN');
	$in_transaction = 1;
	foreach my $i (1 .. $action->{transaction})
	{
		if (rand() < 0.5)
		{
			both('SAVEPOINT s' . ++$savepoints);
			$seen{savepoint}++;
		}
		my $step = random_inner_step($state);
		my $sqlstate = run_step($step);

		last if @failures > $before;
		if ($sqlstate ne '00000' || $savepoints && rand() < 0.4)
		{
			if (!$savepoints)
			{
				$action->{rollback} = 1;
				last;
			}
			both('ROLLBACK TO s' . $savepoints--);
			check('role:alice');
		}
		last if @failures > $before || @{ $state->{gone} // [] };
	}
	both($action->{rollback} ? 'ROLLBACK' : 'COMMIT');
	$seen{rollback}++ if $action->{rollback};
	$in_transaction = 0;
	read_state();
	check('role:alice') if @failures == $before;
	return;
}

# After what takes relationships away, or makes m2m_check() report: mends.
sub heal
{
	my $before = @failures;

	repair() if $state->{findings};
	my @gone = @{ $state->{gone} // [] };
	if (@gone && @failures == $before)
	{
		if (eval { relate_again(@gone); 1 })
		{
			$seen{'re-related'}++;
			check('any');
		}
		else
		{
			note("fresh databases: $@");
			$seen{'fresh databases'}++;
			fresh_world();
		}
	}
	return;
}

# m2m_repair() in one database, what it did to tables in the other.
sub repair
{
	my $keys = query($other, q{
		SELECT DISTINCT format('ALTER TABLE %s ADD PRIMARY KEY (%s)',
			oracle.table_name(endpoint), replace(oracle.columns('', endpoint, key), '.', ''))
		FROM oracle.side JOIN oracle.rel USING (rel)
		WHERE NOT gone AND NOT EXISTS (SELECT FROM pg_constraint
			WHERE conrelid = endpoint AND contype IN ('p', 'u')
			AND conkey::int[] @> key AND conkey::int[] <@ key)});
	my $remedies;

	# who owns all may mend all; what only a superuser can mend is his to mend
	$keys .= join '', map { "\nALTER TABLE $_->{name} OWNER TO alice" }
	  grep { $_->{owner} ne 'alice' } values %{ $state->{tables} };
	$keys .= "\n" . query($other, q{
		SELECT DISTINCT format('ALTER TABLE %s ENABLE TRIGGER ALL',
			oracle.table_name(tgrelid))
		FROM pg_trigger WHERE tgenabled = 'D'});
	both($_) for split /\n+/, $keys;
	# a view that read with its owner's rights did not go with the table
	read_state();
	foreach my $view (grep { $_->{owner} ne 'alice' } @{ $state->{views} // [] })
	{
		push @log, "ALTER VIEW $view->{name} OWNER TO alice; -- m2m only";
		query($other, "ALTER VIEW $view->{name} OWNER TO alice");
	}
	push @log, 'SELECT * FROM m2m_repair(); -- m2m only';
	($remedies, my $sqlstate, my $messages) = execute($other, q{
		SELECT coalesce(json_agg(m.remedy), '[]') FROM m2m_repair() m});
	push @log, $messages =~ s/^/-- /mgr if $messages ne '';
	die "m2m_repair() failed" if $sqlstate ne '00000';
	foreach my $remedy (@{ JSON::PP->new->decode($remedies) })
	{
		push @log, "-- $remedy";
		query($twin, $remedy)
		  if $remedy =~ /^(ALTER TABLE|CREATE (UNIQUE )?INDEX|DELETE FROM)/;
	}
	query($other, q{
		UPDATE oracle.flag SET findings = false;
		SELECT oracle.remade()});
	# with both link views, a relationship is gone
	foreach my $lost (split /\n/, query($other, q{
		SELECT format('SELECT m2m_adopt(%L); SELECT oracle.relate(%L)', name, rel)
		FROM oracle.rel WHERE NOT gone AND NOT EXISTS (SELECT FROM oracle.side s
			WHERE s.rel = oracle.rel.rel AND view_there)}))
	{
		push @log, "$lost; -- m2m only";
		query($other, $lost);
	}
	read_state();
	$seen{repair}++;
	check('any');
	return;
}

# Makes the tables again that are missing, and relationships between them.
sub relate_again
{
	my (@gone) = @_;
	my %made = (
		person => 'CREATE TABLE %s (id int PRIMARY KEY, name text NOT NULL)',
		room => 'CREATE TABLE %s (building text, number int, seats int DEFAULT 10, PRIMARY KEY (building, number))',
		course => 'CREATE TABLE %s (code varchar(20) PRIMARY KEY, title text NOT NULL)');
	my %rows = (
		person => q{SELECT i, 'p' || i FROM generate_series(1, 6) i},
		room => q{SELECT chr(64 + i % 3), i FROM generate_series(1, 6) i},
		course => q{SELECT 'c' || i, 't' || i FROM generate_series(1, 5) i});
	my %sides = (
		follow => [ 'person', 'person' ],
		person_room => [ 'person', 'room' ],
		enrolment => [ 'person', 'course' ]);
	my $left = query($other, q{
		SELECT string_agg(sql, '; ' ORDER BY n, sql) FROM (
			SELECT 1 AS n, 'DROP VIEW ' || oracle.table_name(oracle.view_of(s)) || ' CASCADE' AS sql
			FROM oracle.side s JOIN oracle.rel USING (rel)
			WHERE gone AND oracle.view_of(s) IS NOT NULL
			UNION ALL
			SELECT 2, 'DROP FUNCTION ' || function::regprocedure || ' CASCADE'
			FROM oracle.side JOIN oracle.rel USING (rel)
			WHERE gone AND oracle.function_is(function) IS NOT NULL) x});

	if ($left ne '')
	{
		push @log, "$left; -- m2m only";
		query($ddl, $left);
	}
	foreach my $name (@{ JSON::PP->new->decode(query($other,
		q{SELECT coalesce(json_agg(name), '[]') FROM oracle.rel WHERE gone})) })
	{
		both("DROP TABLE IF EXISTS $name CASCADE");
	}
	my %there = map { $_ => 1 } split /\n/, query($other,
		'SELECT slot FROM oracle.slot WHERE oracle.table_name(relid) IS NOT NULL');
	both('SET ROLE alice');
	foreach my $slot (qw(person room course))
	{
		next if $there{$slot};
		both(sprintf $made{$slot}, "public.$slot");
		both("INSERT INTO public.$slot $rows{$slot}");
		query($ddl, 'RESET ROLE');
		query($ddl, "UPDATE oracle.slot SET relid = 'public.$slot'::regclass WHERE slot = '$slot'");
		query($ddl, 'SET ROLE alice');
	}
	both('RESET ROLE');
	read_state();
	foreach my $rel (@gone)
	{
		my ($l, $r) = map { $state->{tables}{$_} } @{ $sides{$rel} };
		my $sql;

		$_->{owner} eq 'alice' || both("ALTER TABLE $_->{name} OWNER TO alice")
		  for $l, $r;
		if ($rel eq 'enrolment')
		{
			my ($lk) = grep { $_->{key} } @{ $l->{columns} };
			my ($rk) = grep { $_->{key} } @{ $r->{columns} };

			both("CREATE TABLE public.enrolment (person_id $lk->{type} NOT NULL REFERENCES $l->{name} ON DELETE CASCADE,"
				  . " course_code $rk->{type} NOT NULL REFERENCES $r->{name} ON DELETE CASCADE,"
				  . " grade numeric(2,1), PRIMARY KEY (person_id, course_code))");
			both('ALTER TABLE public.enrolment OWNER TO alice');
			both('CREATE INDEX ON public.enrolment (course_code, person_id)');
			$sql = "SELECT m2m_adopt('public.enrolment', left_columns => '{person_id}')";
		}
		elsif ($rel eq 'follow')
		{
			$sql = "SELECT m2m_create('$l->{name}', '$l->{name}', name => 'follow', schema => 'public',"
			  . " left_role => 'follower', right_role => 'followed',"
			  . " left_view => 'following', right_view => 'followers')";
		}
		else
		{
			$sql = "SELECT m2m_create('$l->{name}', '$r->{name}', name => 'person_room', schema => 'public')";
		}
		push @log, "$sql; -- m2m only";
		query($ddl, 'SET ROLE alice');
		query($ddl, $sql);
		query($ddl, 'RESET ROLE');
		if ($rel ne 'enrolment')
		{
			my $same = query($ddl, qq{
				SELECT format('CREATE TABLE public.$rel (%s)', string_agg(format('%I %s%s NOT NULL',
					attname, format_type(atttypid, atttypmod), CASE WHEN attcollation <> 0
					THEN ' COLLATE ' || attcollation::regcollation END), ', ' ORDER BY attnum))
				FROM pg_attribute WHERE attrelid = 'public.$rel'::regclass AND attnum > 0
				UNION ALL
				SELECT format('ALTER TABLE public.$rel OWNER TO %I', relowner::regrole)
				FROM pg_class WHERE oid = 'public.$rel'::regclass
				UNION ALL
				(SELECT format('ALTER TABLE public.$rel ADD CONSTRAINT %I %s', conname,
					pg_get_constraintdef(oid)) FROM pg_constraint
				WHERE conrelid = 'public.$rel'::regclass ORDER BY contype DESC)
				UNION ALL
				SELECT pg_get_indexdef(indexrelid) FROM pg_index
				WHERE indrelid = 'public.$rel'::regclass AND NOT indisprimary
				UNION ALL
				SELECT format('COMMENT ON TABLE public.$rel IS %L',
					obj_description('public.$rel'::regclass, 'pg_class'))
				UNION ALL
				SELECT format('COMMENT ON COLUMN public.$rel.%I IS %L', attname,
					col_description(attrelid, attnum))
				FROM pg_attribute WHERE attrelid = 'public.$rel'::regclass AND attnum > 0});
			query($twin, $_) for split /\n/, $same;
		}
		query($ddl, "UPDATE oracle.slot SET relid = 'public.$rel'::regclass WHERE slot = '$rel'");
		query($ddl, "SELECT oracle.relate('$rel')");
	}
	read_state();
	return;
}

# A second session links and unlinks, by calls and by views.
sub link_between
{
	my @rels = grep {
		my $rel = $_;
		2 == grep { $_->{rel} eq $rel } @{ $state->{views} // [] }
	} qw(follow person_room enrolment);

	return if !@rels;
	my $rel = $rels[ rand @rels ];
	my $sql = query($other,
		sprintf q{SELECT row_to_json(x) FROM oracle.link('%s', %d, %f, %f) x},
		$rel, rand(6), rand(), rand());
	my ($call, $plain) = @{ JSON::PP->new->decode($sql) }{qw(call plain)};
	return if !defined $call;

	push @log, "$call; -- second session, in the twin: $plain";
	my ($rows, $sqlstate, $messages) = execute($other, $call);
	my ($twin_rows, $twin_sqlstate) = execute($twin, $plain);
	failure("\"$call\" ended with $sqlstate, in the twin with $twin_sqlstate: $messages")
	  if $sqlstate ne $twin_sqlstate;
	$seen{'linked between'}++ if $sqlstate eq '00000';
	check();
	return;
}
