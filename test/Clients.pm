# Programs that TAP tests run against a server as its clients.
package Clients;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run;
use Test::More;

our @EXPORT_OK = qw(client_is_missing run_client);

# Debian's Python modules are seen by Debian's Python only.
our @PYTHON = ('/usr/bin/python3');

# Is this command, which tries whether a client is there, failing? Under
# `make test`, which has installed all of them, that is not a reason to skip.
sub client_is_missing
{
	my ($name, @command) = @_;
	my $there =
	  eval { IPC::Run::run(\@command, '>', \my $out, '2>', \my $err) };

	return 0 if $there;
	die "$name is missing: @command\n" if $ENV{M2M_TEST_ALL};
	return 1;
}

# Runs a client on a database of the server and returns what it printed; its
# failure is the test's. It finds the server by libpq's environment variables.
sub run_client
{
	my ($node, $database, @command) = @_;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = $database;
	# node-postgres would take it from $USER, which sudo and its like keep.
	local $ENV{PGUSER} = getpwuid($<);
	my $done = IPC::Run::run(\@command, '>', \my $out, '2>', \my $err);

	ok($done, "$command[0] runs as a client of $database") or diag($err);
	return $out;
}

1;
