# A server for one test, with an extension directory of its own that can be
# written to: servers find theirs by the place of their program. All but the
# programs that look for other files where they are themselves are links to
# the server that is tested, whose directories stay as they are.
package OwnServer;

use strict;
use warnings;
use File::Basename;
use File::Copy;
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;

# OwnServer->new: makes one, which goes when the test ends.
sub new
{
	my ($class) = @_;
	my $root = PostgreSQL::Test::Utils::tempdir;
	my %dir = map { $_ => `pg_config --$_` =~ s/\n//r } qw(bindir sharedir pkglibdir);

	make_path("$root$dir{bindir}", dirname("$root$dir{pkglibdir}"),
		"$root$dir{sharedir}/extension");
	symlink($dir{pkglibdir}, "$root$dir{pkglibdir}") or die $!;
	foreach my $kind (qw(bindir sharedir sharedir/extension))
	{
		my $from = $kind =~ s/^(\w+)/$dir{$1}/r;

		foreach my $file (glob "$from/*")
		{
			my $to = "$root$file";

			next if -e $to;
			if ($file =~ m{/(?:postgres|initdb|pg_ctl)$})
			{
				copy($file, $to) or die "$to: $!";
				chmod 0755, $to;
			}
			else
			{
				symlink($file, $to) or die "$to: $!";
			}
		}
	}
	return bless {
		install_path => dirname("$root$dir{bindir}"),
		extensions => "$root$dir{sharedir}/extension"
	}, $class;
}

# The argument install_path of PostgreSQL::Test::Cluster->new
sub install_path
{
	my ($self) = @_;

	return $self->{install_path};
}

# Where control files and scripts of extensions lie
sub extensions
{
	my ($self) = @_;

	return $self->{extensions};
}

1;
