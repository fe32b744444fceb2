# Many sessions at once do to relationships all that can be done to them, and
# are disturbed at it. If this fails, a link was lost, doubled or made up, an
# index or a page is not what it should be, a standby or a subscriber has other
# links, or a command ended in a way that PostgreSQL has no reason for.
#
# In each round, on a database of its own: writers by calls, views and plain
# SQL, with nested statements, at all isolation levels; a role with few rights
# and row-level security; one session that alters tables, with lock_timeout and
# statement_timeout that strike; one that vacuums, freezes and rewrites them.
# Statements are cancelled and sessions terminated at random moments, and now
# and then the server is stopped at once and recovers. A standby, which compares
# each page that it redoes, and a subscriber are attached. (What the comparison
# itself gets wrong is told apart: see page_checks and known_alarm().) Questions
# are asked there and here, and must be what a join says by the same snapshot.
#
# Then, when all is quiet, the oracle: no double, no orphan, what statements
# said that they did adds up, link views and functions are the recomputed joins
# with the privileges and comments that they had, m2m_check() is silent,
# pg_amcheck as well, rules hold (counters count, limits are kept, histories are
# what was seen and what PostgreSQL logged, notices add up, each link has its
# place in an order, links without a direction both rows, and rows go with their
# last link), and standby and subscriber have the same rows. At last,
# SERIALIZABLE transactions must have an order in which, one after the other,
# they say what they said.
#
#   M2M_SEED=…                another run, or "random"; it is printed
#   M2M_TORTURE_MINUTES=N     how long (default: 5); see `make torture`
#   M2M_TORTURE_ROUND=N       only that round of the seed, as after a failure
#   M2M_TORTURE_SECONDS=N     of traffic in each round (default: 45)
#   M2M_TORTURE_KEEP_GOING=1  goes on after a round that failed
#   M2M_TORTURE_GENERAL=1     with m2m.direct_path off
#
# A round's transactions follow from seed, round and session alone, and so do
# cancels and kills after a time. How they meet is up to the machine, so that it
# can take some attempts to see a failure again. All statements, with what came
# of them, are in tmp_check/log/torture_<round>.log.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use IPC::Open3;
use IPC::Run;
use JSON::PP;
use List::Util qw(max min);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use Torture qw(random_transaction random_history serial_sql serial_order expected);

my $seed = $ENV{M2M_SEED} // 900;
$seed = int(rand(1_000_000_000)) if $seed eq 'random';
my $only = $ENV{M2M_TORTURE_ROUND};
my $seconds = $ENV{M2M_TORTURE_SECONDS} // 45;
my $stop = time + 60 * ($ENV{M2M_TORTURE_MINUTES} // 5);

# By number: the kind of each session.
my @kinds = qw(writer writer writer writer clerk ddl maintainer reader);

# The pages that a standby compares with the primary's: all but those of hash
# indexes, where PostgreSQL itself logs a bucket's first page without locking it
# (hashbucketcleanup()), so that an insert at that moment is an inconsistency.
my @page_checks = qw(heap heap2 btree gin gist spgist brin sequence generic);

# Longer than anything takes that waits for nobody.
my $answer_seconds = 90;

note("M2M_SEED=$seed");
$SIG{PIPE} = 'IGNORE';

# Decoding takes a row of a catalog for that of a savepoint rolled back before,
# whose place it has: with assertions the walsender stops the server then
# (ReorderBufferBuildTupleCidHash(), "ent->cmin == change->data.tuplecid.cmin").
my $asserts;

my ($node, $standby, $subscriber);
my (@sessions, $monitor, $listener);
my ($round, $round_start, $log, @recent, @failures);
my (%done, %errors, %chaos);
my $rounds = 0;
my $standbys = 0;

start_servers();
$round = $only // 1;
while (1)
{
	@failures = ();
	$rounds++;
	eval { one_round(); 1 } or failure("the driver stopped: $@");
	is(scalar(@failures), 0, "round $round of seed $seed");
	last if defined $only || (@failures && !$ENV{M2M_TORTURE_KEEP_GOING});
	last if time + 1.6 * (time - $round_start) > $stop;
	$round++;
}
figures();
# A server that has stopped by itself need not be stopped.
$_->_update_pid(-1) for $node, $standby, $subscriber;
done_testing();

# ---------------------------------------------------------------------------
# servers

sub start_servers
{
	my @settings = (
		'fsync = off', 'autovacuum_naptime = 1s', 'autovacuum_vacuum_threshold = 20',
		'autovacuum_vacuum_scale_factor = 0', 'max_wal_size = 2GB', 'deadlock_timeout = 200ms',
		'wal_retrieve_retry_interval = 100ms', 'log_min_messages = warning',
		'log_statement = none', 'log_error_verbosity = verbose', 'max_connections = 50',
		'log_line_prefix = \'%m [%p] %a \'', 'wal_compression = on', 'shared_buffers = 32MB');

	$node = PostgreSQL::Test::Cluster->new('torture');
	$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join "\n", @settings,
		"wal_consistency_checking = '${\ join ',', @page_checks}'",
		'restart_after_crash = on', 'log_min_error_statement = panic');
	# a role's audit, if the server has it
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pgaudit'\npgaudit.role = 'auditor'")
	  if -e "${\ pg_config('sharedir')}/extension/pgaudit.control";
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE clerk; CREATE ROLE auditor');
	$asserts = $node->safe_psql('postgres', 'SHOW debug_assertions') eq 'on';
	start_standby();
	$subscriber = PostgreSQL::Test::Cluster->new('torture_subscriber');
	$subscriber->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$subscriber->append_conf('postgresql.conf', join "\n", @settings);
	$subscriber->start;
	$subscriber->safe_psql('postgres', 'CREATE ROLE clerk; CREATE ROLE auditor');
	return;
}

# Another one, where there was one.
sub start_standby
{
	my $name = 'torture_standby' . (++$standbys > 1 ? "_$standbys" : '');

	if (defined $standby)
	{
		$standby->_update_pid(-1);
		$standby->clean_node;
		$node->safe_psql('postgres', "SELECT pg_drop_replication_slot('standby')");
	}
	$node->backup("base_$standbys");
	$standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, "base_$standbys", has_streaming => 1);
	$standby->append_conf('postgresql.conf',
		"primary_slot_name = 'standby'\nhot_standby_feedback = off\nmax_standby_streaming_delay = 1s");
	$node->safe_psql('postgres', "SELECT pg_create_physical_replication_slot('standby', true)");
	$standby->start;
	return;
}

sub pg_config { return `pg_config --$_[0]` =~ s/\n//r; }

# The round's database, on both sides, with the same rows.
sub make_database
{
	my $name = "round_$round";

	foreach my $server ($node, $subscriber)
	{
		$server->safe_psql('postgres', "CREATE DATABASE $name");
		$server->safe_psql($name, slurp_file("test/$_"))
		  for qw(equality.d/setup.sql oracle.sql torture.d/setup.sql);
	}
	# columns that come and go are not published
	my $tables = $node->safe_psql($name, q{
		SELECT string_agg(format('%s %s', c.oid::regclass, CASE WHEN relkind = 'r' AND relreplident = 'd' THEN
			(SELECT '(' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')' FROM pg_attribute
			 WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) END), ', ')
		FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence = 'p'
		AND (relnamespace = 'public'::regnamespace AND relname !~ '^(loose|scratch)'
			OR c.oid IN ('lib.own'::regclass, 'lib.ledger'::regclass, 'lib.seen'::regclass))});
	$node->safe_psql($name, "CREATE PUBLICATION $name FOR TABLE $tables");
	# what histories are compared with
	$node->safe_psql($name, "SELECT pg_create_logical_replication_slot('log_$name', 'test_decoding')");
	$subscriber->safe_psql($name,
		"CREATE SUBSCRIPTION $name CONNECTION '${\ ($node->connstr($name) =~ s/'/''/gr)}' PUBLICATION $name WITH (copy_data = false)");
	return $name;
}

# ---------------------------------------------------------------------------
# a round

sub one_round
{
	$round_start = time;
	@recent = ();
	open $log, '>', "$PostgreSQL::Test::Utils::log_path/torture_$round.log" or die $!;
	$log->autoflush(1);
	my $database = make_database();
	@sessions = map { { number => $_ + 1, kind => $kinds[$_], database => $database, transaction => 0 } } 0 .. $#kinds;
	wait_for_standby();
	open_session($_) for @sessions;
	$monitor = { number => 0, kind => 'monitor', database => 'postgres' };
	open_session($monitor);
	$listener = { number => 'listener', kind => 'listener', database => $database };
	open_session($listener);
	query($listener, 'LISTEN ruled');
	srand($seed * 7919 + $round);
	my $crash_at = rand() < 0.4 ? time + rand($seconds) : undef;
	my $end = time + $seconds;

	while (time < $end && !@failures)
	{
		traffic(1);
		if (defined $crash_at && time > $crash_at)
		{
			crash();
			$crash_at = undef;
		}
	}
	# what has begun comes to its end, and nobody waits for who does nothing
	$_->{queue} = $_->{in_transaction} ? [ { what => 'rolled back', sql => 'ROLLBACK' } ] : [] for @sessions;
	while (grep { $_->{statement} || @{ $_->{queue} } } @sessions and !@failures)
	{
		traffic(0);
	}
	if (!@failures)
	{
		serializable($_) for 1 .. max(20, $seconds);
	}
	# who is stuck is not waited for
	$node->safe_psql('postgres',
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^session_'", timeout => 60)
	  if @failures;
	my $quiet = !@failures;
	heard() if $quiet;
	close_session($_) for @sessions, $monitor, grep { $_ } $listener;
	oracle($database);
	replayed($database) if $quiet;
	$node->safe_psql($database, "SELECT pg_drop_replication_slot('log_$database')");
	if (!@failures)
	{
		$subscriber->safe_psql($database, "DROP SUBSCRIPTION $database");
		$_->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)") for $node, $subscriber;
	}
	elsif ($ENV{M2M_TORTURE_KEEP_GOING})
	{
		$subscriber->psql($database, "ALTER SUBSCRIPTION $database DISABLE");
	}
	close $log;
	return;
}

# Whatever can go on goes on.
sub traffic
{
	my ($more) = @_;
	my $ready = '';

	foreach my $session (@sessions)
	{
		next if $session->{statement} || ($session->{pause} // 0) > time;
		next_transaction($session) if $more && !@{ $session->{queue} };
		start($session, shift @{ $session->{queue} }) if @{ $session->{queue} };
	}
	foreach my $session (@sessions)
	{
		vec($ready, fileno $session->{out}, 1) = 1 if $session->{statement};
	}
	if (select my $some = $ready, undef, undef, 0.003)
	{
		foreach my $session (grep { $_->{statement} && vec $some, fileno $_->{out}, 1 } @sessions)
		{
			read_some($session);
		}
	}
	foreach my $session (grep { $_->{statement} } @sessions)
	{
		my $statement = $session->{statement};
		my $since = time - $session->{since};

		disturb($session, 'cancel') if defined $statement->{cancel} && $since >= $statement->{cancel};
		disturb($session, 'kill') if defined $statement->{kill} && $since >= $statement->{kill};
		failure("no answer from session $session->{number} to: $statement->{sql}\n" . waiting())
		  if $since > $answer_seconds;
	}
	return;
}

# The same transaction whatever happened before.
sub next_transaction
{
	my ($session) = @_;
	my $n = $session->{transaction}++;

	srand(($seed * 1_000_003 + $round * 10_007 + $session->{number} * 131_071 + $n * 257) % 4_294_967_291);
	$session->{queue} = [ random_transaction($session->{kind}, $session->{number}, !$asserts) ];
	$session->{in_transaction} = 0;
	return;
}

sub disturb
{
	my ($session, $how) = @_;
	my $function = $how eq 'kill' ? 'pg_terminate_backend' : 'pg_cancel_backend';

	delete $session->{statement}{$how};
	$session->{disturbed} = time;
	my ($answer) = query($monitor,
		"SELECT $function(pid) FROM pg_stat_activity WHERE pid = $session->{backend} AND state = 'active'");
	$chaos{"$how of $session->{kind}"}++ if $answer eq 't';
	return;
}

# In the middle of it all.
sub crash
{
	record('--', 'crash');
	$chaos{crashes}++;
	$node->stop('immediate');
	close_session($_) for @sessions, $monitor, grep { $_ } $listener;
	# what was said meanwhile is not heard any more
	$listener = undef;
	$node->start;
	open_session($_) for @sessions, $monitor;
	return;
}

# ---------------------------------------------------------------------------
# sessions: psql processes that answer one statement at a time

sub open_session
{
	my ($session) = @_;
	my $errors = "$PostgreSQL::Test::Utils::tmp_check/torture.$session->{number}";
	my $server = $session->{kind} eq 'reader' ? $standby : $node;
	my ($in, $out);

	open my $err, '>', $errors or die "$errors: $!";
	my $pid = open3($in, $out, '>&' . fileno($err),
		'psql', '-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', '-h', $server->host, '-p', $server->port,
		'-d', "dbname=$session->{database} application_name=session_$session->{number}");
	open my $read, '<', $errors or die "$errors: $!";
	unlink $errors;
	@$session{qw(in out err pid buffer statement)} = ($in, $out, $read, $pid, '', undef);
	@$session{qw(queue in_transaction)} = ([], 0);
	$in->autoflush(1);
	# a session that was terminated before may hold a lock on the database yet
	if (eval { ($session->{backend}) = query($session, 'SELECT pg_backend_pid()'); 1 })
	{
		$session->{refused} = 0;
		return;
	}

	# the standby may have to redo something while it lets somebody in
	die $@ if $session->{kind} ne 'reader' || $@ !~ /FATAL: .*conflict with recovery/ || ++$session->{refused} > 20;
	close_session($session);
	return open_session($session);
}

sub close_session
{
	my ($session) = @_;

	close $session->{in};
	kill 'TERM', $session->{pid} if $session->{statement};
	waitpid $session->{pid}, 0;
	close $session->{out};
	close $session->{err};
	$session->{statement} = undef;
	return;
}

sub start
{
	my ($session, $statement) = @_;
	my $sql = $statement->{sql};

	$session->{statement} = $statement;
	$session->{since} = time;
	$session->{in_transaction} = 1 if $sql =~ /^BEGIN/;
	$session->{timeouts} ||= $statement->{timeouts};
	record($session->{number}, $sql);
	# the lines of a COPY that did not come to reading them are no statement
	$sql .= $sql =~ /\\\.$/ ? "\n\\r" : ';';
	# gone, if it was terminated meanwhile
	print { $session->{in} } "$sql\n\\echo == :SQLSTATE\n";
	return;
}

# What there is to read, which may be the end of a statement, or of the session.
sub read_some
{
	my ($session) = @_;

	if (!sysread $session->{out}, $session->{buffer}, 65536, length $session->{buffer})
	{
		finished($session, undef);
		return;
	}
	return if $session->{buffer} !~ s/\A(.*?)^== (\w+)\n//ms;
	$session->{answer} = $1;
	finished($session, $2);
	return;
}

# SQLSTATE is undef where the session went away.
sub finished
{
	my ($session, $sqlstate) = @_;
	my $statement = $session->{statement};

	seek $session->{err}, 0, 1;
	my $messages = join '', readline $session->{err};
	my @codes = $messages =~ /^(?:psql:.*?: )?(?:ERROR|FATAL|PANIC):  (\w{5}): /mg;

	@codes = ('08000') if !defined $sqlstate && !@codes;
	# psql may tell before it ends
	$sqlstate = undef if grep { /^(?:57P0|08)/ } @codes;
	$session->{statement} = undef;
	$session->{pause} = time + $statement->{pause} if $statement->{pause};
	record($session->{number}, '-- ' . (@codes ? join ' ', @codes : $sqlstate));
	$done{"$session->{kind}: $statement->{what}"}++ if !@codes;
	# what disturbs a session may be late
	my $disturbed = time - ($session->{disturbed} // 0) < 10;

	# a standby that stops takes its readers along
	if ($session->{kind} eq 'reader' && grep { /^(?:57P0|08)/ } @codes)
	{
		my $error = trouble($standby);

		if (defined $error)
		{
			if (known_alarm($error)) { another_standby($error) }
			else                     { failure("the standby has stopped: $error") }
			$disturbed = 1;
		}
	}
	foreach my $code (@codes)
	{
		$errors{$code}{ $session->{kind} }++;
		failure("session $session->{number}, a $session->{kind}: $statement->{sql}\n$messages")
		  if !expected($session->{kind}, $statement, $code)
		  || ($code eq '57014' && !$disturbed && !$session->{timeouts})
		  || ($code =~ /^(?:57P0|08)/ && !$disturbed && !($session->{kind} eq 'reader' && ended_by_conflict($session)));
	}
	if (!defined $sqlstate)
	{
		close_session($session);
		open_session($session);
	}
	elsif ($statement->{what} eq 'settings')
	{
		# above all, who it is; a cancelled ROLLBACK may have left a transaction
		unshift @{ $session->{queue} }, { what => 'rolled back', sql => 'ROLLBACK' }, $statement
		  if @codes;
		$session->{timeouts} = $statement->{timeouts} if !@codes;
	}
	elsif ($statement->{sql} =~ /^(?:COMMIT|ROLLBACK)$/)
	{
		$session->{in_transaction} = 0;
	}
	elsif (@codes && $session->{in_transaction})
	{
		if ($statement->{savepoint} && $codes[-1] ne '25P02')
		{
			unshift @{ $session->{queue} }, { what => 'savepoint rolled back', sql => 'ROLLBACK TO s' };
		}
		else
		{
			$session->{queue} = [ { what => 'rolled back', sql => 'ROLLBACK' } ];
		}
	}
	return;
}

# A standby ends a transaction that is in the way of what it redoes, also one
# that waits for its next statement; psql does not always come to say so.
sub ended_by_conflict
{
	my ($session) = @_;

	return slurp_file($standby->logfile) =~ /\[$session->{backend}\].* FATAL:  40001: terminating connection due to conflict/;
}

# A statement of the test's own: what it printed, and its SQLSTATE.
sub query
{
	my ($session, $sql) = @_;
	my $answer = '';

	print { $session->{in} } "$sql;\n\\echo == :SQLSTATE\n";
	return answer($session);
}

sub answer
{
	my ($session) = @_;

	while (1)
	{
		if ($session->{buffer} =~ s/\A(.*?)\n?^== (\w+)\n//ms)
		{
			return ($1, $2);
		}
		my $read = sysread $session->{out}, $session->{buffer}, 65536, length $session->{buffer};
		next if $read || (!defined $read && $!{EINTR});
		my $why = defined $read ? "it ended" : "$!";
		waitpid $session->{pid}, 0 if defined $read;
		seek $session->{err}, 0, 1;
		die "session $session->{number} went away ($why, status $?): " . join '', readline $session->{err};
	}
}

# Who waits for whom.
sub waiting
{
	return $node->safe_psql('postgres', q{
		SELECT format('pid %s (%s) %s, waits for %s, blocked by %s: %s', pid, application_name, state,
			coalesce(wait_event_type || ' ' || wait_event, 'nothing'), pg_blocking_pids(pid), query)
		FROM pg_stat_activity WHERE backend_type IN ('client backend', 'autovacuum worker')
			AND pid <> pg_backend_pid()});
}

sub record
{
	my ($who, $what) = @_;
	my $line = sprintf "%8.3f %s: %s", time - $round_start, $who, length $what > 1000 ? substr($what, 0, 1000) . '...' : $what;

	print $log "$line\n";
	push @recent, $line;
	splice @recent, 0, 200 if @recent > 400;
	return;
}

sub failure
{
	my ($what) = @_;

	push @failures, $what;
	record('--', "failure: $what");
	diag("M2M_SEED=$seed M2M_TORTURE_ROUND=$round: $what\nlast of all:\n" . join "\n", @recent[ -min(40, scalar @recent) .. -1 ])
	  if @failures == 1;
	diag($what) if @failures > 1 && @failures < 20;
	return;
}

# ---------------------------------------------------------------------------
# the oracle

sub oracle
{
	my ($database) = @_;
	my @amcheck = (
		'pg_amcheck', '--no-dependent-toast', '--heapallindexed', '--parent-check', '--rootdescend',
		'--schema' => 'public', '--schema' => 'lib', '-h' => $node->host, '-p' => $node->port, $database);
	my ($out, $err) = ('', '');

	failure("pg_amcheck: $out$err")
	  if !IPC::Run::run(\@amcheck, '>' => \$out, '2>' => \$err, IPC::Run::timeout(300)) || $out . $err ne '';
	my ($status, $wrong, $message) = $node->psql($database, 'SELECT lib.all_wrong()', timeout => 300);
	failure("the oracle: $message") if $status;
	failure("the oracle: $wrong") if $wrong ne '';
	same($standby, $database, 'standby', $standby->name, 'false');
	same($subscriber, $database, 'subscriber', $database, 'true');
	return;
}

# What notices say adds up to the links that there are.
sub heard
{
	my $text = '';
	my ($links, $n) = (0, 0);

	return if !$listener;
	$text .= (query($listener, 'SELECT count(*) FROM ruled'))[0] for 1 .. 3;
	my ($is) = $text =~ /^(\d+)$/m;
	while ($text =~ /^Asynchronous notification "ruled" with payload "(\{.*\})" received/mg)
	{
		my $notice = decode_json($1);

		$n++;
		$links = $notice->{truncated} ? 0 : $links + $notice->{linked} - $notice->{unlinked};
	}
	$done{'notice heard'} += $n;
	failure("$n notices say that there are $links links of \"ruled\", and there are $is") if $links != $is;
	return;
}

# The histories against the changes that PostgreSQL has logged, replayed one
# transaction after the other: what was linked by which, and unlinked by which.
sub replayed
{
	my ($database) = @_;
	my $log = $node->safe_psql($database, "SELECT data FROM pg_logical_slot_get_changes('log_$database', NULL, NULL)"
		  . " WHERE data ~ '^(BEGIN|table public\\.(ruled|slotted):)'", timeout => 300);
	my (%open, @closed, $xid);
	my $close = sub {
		my ($pair) = @_;
		my $row = delete $open{$pair};

		failure("the log removes $pair, which is not there") if !$row;
		push @closed, "$pair, $row->[0], $row->[1] to $xid" if $row && $row->[1] != $xid;
	};

	foreach my $line (split /\n/, $log)
	{
		if ($line =~ /^BEGIN (\d+)/)
		{
			$xid = $1;
			next;
		}
		my ($table, $what, $rest) = $line =~ /^table public\.(\w+): (\w+): (.*)/ or die $line;
		my ($old, $new) = map { { /(\w+)\[[^\]]*\]:(\S+)/g } } $rest =~ /^old-key: (.*) new-tuple: (.*)/ ? ($1, $2) : ('', $rest);
		my ($pair, $was) = map { $_->{l_id} ? "$table $_->{l_id} $_->{r_id}" : '' } $new, $old;
		my $n = $new->{n} // 'null';

		$done{'change replayed'}++;
		if ($what eq 'TRUNCATE')
		{
			$close->($_) for grep { /^$table / } sort keys %open;
			next;
		}
		next if $what eq 'UPDATE' && $open{$pair} && ($was || $pair) eq $pair && $open{$pair}[0] eq $n;
		$close->($was || $pair) if $what ne 'INSERT';
		$open{$pair} = [ $n, $xid ] if $what ne 'DELETE';
	}
	my $replayed = join '', map { "$_\n" } sort @closed, map { "$_, $open{$_}[0], $open{$_}[1] to now" } keys %open;
	my $history = $node->safe_psql($database, join ' UNION ALL ', map {
			"SELECT concat('$_ ', l_id, ' ', r_id, ', ', coalesce(properties->>'n', 'null'), ', ', from_xid, ' to ', coalesce(to_xid::text, 'now')) FROM ${_}_history"
		} qw(ruled slotted));

	$history = join '', map { "$_\n" } sort split /\n/, $history;
	failure("the history (here) is not the log (there):\n" . differences($history, $replayed)) if $history ne $replayed;
	return;
}

# Until it has what there is.
sub wait_for_standby
{
	my $lsn = $node->safe_psql('postgres', 'SELECT pg_current_wal_flush_lsn()');

	$standby->poll_query_until('postgres', "SELECT pg_last_wal_replay_lsn() >= '$lsn'") or die 'the standby does not follow';
	return;
}

# The rows of a replica, once it has all that there is.
sub same
{
	my ($server, $database, $what, $application, $replicated) = @_;
	my $end = time + 300;
	my $lsn = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	my $rows = "SELECT lib.all_rows($replicated)";

	# reaching the end is a commit's business
	$node->safe_psql($database, q{INSERT INTO lib.ledger VALUES ('none', 0)});
	$lsn = $node->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
	while ($node->safe_psql('postgres',
		"SELECT count(*) FROM pg_stat_replication WHERE application_name = '$application' AND replay_lsn >= '$lsn'") ne '1')
	{
		my $error = trouble($server);

		if (defined $error && known_alarm($error))
		{
			another_standby($error);
			return same($standby, $database, $what, $standby->name, $replicated);
		}
		if (defined $error || time > $end)
		{
			failure("the $what does not follow: " . ($error // substr slurp_file($server->logfile), -2000));
			return;
		}
		usleep(100_000);
	}
	my ($here, $there) = map { scalar $_->safe_psql($database, $rows) } $node, $server;
	failure("the $what has other rows:\n" . differences($here, $there)) if $here ne $there;
	return;
}

# Why a replica has stopped, if it has.
sub trouble
{
	my ($server) = @_;
	my ($error) = slurp_file($server->logfile) =~
	  /^(.*(?:PANIC|FATAL|ERROR): .*(?:inconsistent page|duplicate key|logical replication target|invalid lp|WAL contains).*(?:\n.*){0,3})/m;

	return $error;
}

# In place of one that has stopped for what is known.
sub another_standby
{
	my ($error) = @_;

	$chaos{'known false alarms of the page comparison'}++;
	diag("M2M_SEED=$seed M2M_TORTURE_ROUND=$round: another standby, after $error");
	start_standby();
	return;
}

# What PostgreSQL takes for an inconsistent page and is none: a row that is
# locked and had been frozen with the bit of a combo command id, which replay of
# the lock clears and the primary keeps (docs/testing.md says how to make one).
# heap_lock_tuple() alone writes such records. Where pg_waldump can show the
# primary's page (from 16 on), the row has to be one.
sub known_alarm
{
	my ($error) = @_;
	my ($lsn, $row) = $error =~ m{inconsistent page found.*WAL redo at (\S+) for Heap/LOCK: .*?\boff:? (\d+)}s
	  or return 0;
	my $pages = PostgreSQL::Test::Utils::tempdir();
	my $page;

	return 1 if $node->pg_version < 16;
	PostgreSQL::Test::Utils::system_log('pg_waldump', '--quiet', "--save-fullpage=$pages", '--limit=1',
		"--start=$lsn", '--path=' . $node->data_dir . '/pg_wal');
	($page) = map { slurp_file($_) } glob "$pages/*" or return 0;
	# its line pointer, and in its header t_infomask
	my $place = unpack('L<', substr $page, 24 + 4 * ($row - 1), 4) & 0x7fff;
	my $bits = unpack 'S<', substr $page, $place + 20, 2;
	note(sprintf 'row %d has t_infomask 0x%04x', $row, $bits);
	# HEAP_XMIN_FROZEN, HEAP_COMBOCID
	return ($bits & 0x0300) == 0x0300 && ($bits & 0x0020) != 0;
}

# Lines that are in one alone.
sub differences
{
	my ($one, $other) = @_;
	my (%count, @lines);

	$count{$_}++ for split /\n/, $one;
	$count{$_}-- for split /\n/, $other;
	@lines = map { ($count{$_} > 0 ? 'only here: ' : 'only there: ') . $_ } grep { $count{$_} } sort keys %count;
	return join "\n", @lines[ 0 .. min(20, $#lines) ];
}

# ---------------------------------------------------------------------------
# SERIALIZABLE

# A few transactions at once, as far as they let each other, and what they said.
sub serializable
{
	my ($n) = @_;
	srand($seed * 31 + $round * 1009 + $n * 65_537);
	my ($before, @transactions) = random_history();
	my $rows = join ', ', map { "($_)" } sort keys %$before;
	my $text = '';
	my (@steps, @said, @committed, %after);

	foreach my $i (0 .. max(0, $#transactions))
	{
		# the timeouts of before may strike here, too
		1 while (query($sessions[$i], join ' \\; ',
			'ROLLBACK', 'RESET ROLE', 'RESET lock_timeout', 'SET statement_timeout = 60000'))[1] ne '00000';
	}
	query($sessions[0], 'DELETE FROM serial' . ($rows ? "; INSERT INTO serial VALUES $rows" : ''));
	foreach my $i (0 .. $#transactions)
	{
		query($sessions[$i], 'SET m2m.direct_path = ' . ($ENV{M2M_TORTURE_GENERAL} || rand() < 0.3 ? 'off' : 'on'));
		query($sessions[$i], 'BEGIN ISOLATION LEVEL SERIALIZABLE');
		query($sessions[$i], 'SELECT count(*) FROM serial_l') if rand() < 0.7;
		push @steps, [ @{ $transactions[$i] }, 'COMMIT' ];
	}
	my %busy;
	while (grep { @$_ } @steps or %busy)
	{
		my @free = grep { @{ $steps[$_] } && !$busy{$_} } 0 .. $#steps;
		my $i = @free ? $free[ rand @free ] : undef;

		if (defined $i)
		{
			my $step = shift @{ $steps[$i] };
			my $sql = ref $step ? serial_sql($step) : $step;

			$text .= "$i: $sql\n";
			print { $sessions[$i]{in} } "$sql;\n\\echo == :SQLSTATE\n";
			$busy{$i} = $step;
		}
		foreach my $j (sort keys %busy)
		{
			next if waits($sessions[$j]);
			my $step = delete $busy{$j};
			my ($answer, $sqlstate) = answer($sessions[$j]);

			seek $sessions[$j]{err}, 0, 1;
			my $messages = join '', readline $sessions[$j]{err};
			$text .= "$j said: $answer ($sqlstate)\n";
			if ($sqlstate eq '00000')
			{
				push @{ $said[$j] }, [ $step, $answer ] if ref $step;
				$committed[$j] = 1 if !ref $step;
			}
			else
			{
				$errors{$sqlstate}{serializable}++;
				failure("SERIALIZABLE: $text$messages") if $sqlstate !~ /^40/;
				$steps[$j] = [];
				query($sessions[$j], 'ROLLBACK');
			}
		}
	}
	$after{$_} = 1 for split /\n/, (query($sessions[0], "SELECT l_id || ',' || r_id FROM serial"))[0];
	my @all = map { $said[$_] } grep { $committed[$_] } 0 .. $#transactions;
	$done{'serializable history'}++;
	$done{'serializable history, some of it failed'}++ if @all < @transactions;
	record('serializable', $text);
	failure("no serial order, of " . join(' ', sort keys %$before) . " to " . join(' ', sort keys %after) . ":\n$text")
	  if !serial_order($before, \%after, @all);
	return;
}

# Has a session to wait for another one, or has it an answer?
sub waits
{
	my ($session) = @_;
	my $since = time;

	while (time < $since + $answer_seconds)
	{
		my $ready = '';

		return 0 if $session->{buffer} =~ /^== \w+\n/m;
		vec($ready, fileno($session->{out}), 1) = 1;
		return 0 if select $ready, undef, undef, 0.002;
		return 1
		  if (query($monitor, "SELECT cardinality(pg_blocking_pids($session->{backend})) > 0"))[0] eq 't';
	}
	die 'neither an answer nor a wait';
}

# ---------------------------------------------------------------------------
# what it was

sub figures
{
	my $number = 0;

	$number += $_ for values %done;
	diag("torture: $number statements in $rounds rounds of seed $seed; by kind: "
		. join ', ', map { "$_ $done{$_}" } sort keys %done);
	diag('torture: errors by SQLSTATE: ' . join ', ', map {
			my $of = $errors{$_};
			"$_ (" . join(', ', map { "$_ $of->{$_}" } sort keys %$of) . ')'
		} sort keys %errors);
	diag('torture: ' . join ', ', map { "$_ $chaos{$_}" } sort keys %chaos);
	return;
}
