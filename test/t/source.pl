# The folders of the source: who may use whom. If this fails, a folder uses one
# that stands below it in src/README.md, or what is another folder's own; and a
# reader can no longer understand the upper ones alone.
#
# The compiler says what a file includes, the linker what it uses: neither can
# be got around by how something is written.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
my $server = `$pg_config --includedir-server` =~ s/\n//r;
my @order = slurp_file('src/README.md') =~ /^\| `(\w+)\/` \|/mg;
my %level = (include => -1, m2m => scalar @order, map { $order[$_] => $_ } 0 .. $#order);
my (@wrong, %arrows, %defined, %used);

my @files = split /\n/, `find src -name '*.[ch]' | LC_ALL=C sort`;
my @sources = grep { /\.c$/ } @files;
is_deeply([ sort @order ], [ sort grep { $_ ne 'include' } map { m{^src/(\w+)/?$} ? $1 : () } grep { -d } glob 'src/*' ],
	'src/README.md tells each folder once');
is_deeply([ grep { !defined $level{ folder($_) } || m{^src/.*/.*/} } @files ], [], 'each file is of a folder');
is_deeply([ grep { !-f s/c$/o/r } @sources ], [], 'all is built') or BAIL_OUT('no object files');

# What each file includes, itself or by what it includes.
foreach my $file (@sources)
{
	my $rule = `\${CC:-gcc} -MM -iquote src/include -I'$server' '$file'`;

	push @wrong, "$file cannot be read by the compiler" if $?;
	$rule =~ s/\\\n//g;
	arrow($file, $_, 'includes') foreach grep { m{^src/.*\.h$} } map { normal($_) } split ' ', $rule;
}
# A header, alone, likewise.
foreach my $file (grep { /\.h$/ } @files)
{
	my $rule = `\${CC:-gcc} -MM -x c -include '$server/postgres.h' -iquote src/include -I'$server' '$file'`;

	push @wrong, "$file cannot be read alone" if $?;
	$rule =~ s/\\\n//g;
	arrow($file, $_, 'includes') foreach grep { m{^src/.*\.h$} && $_ ne $file } map { normal($_) } split ' ', $rule;
}

# What each file defines for others, and what it uses of them.
foreach my $file (@sources)
{
	my $object = $file =~ s/c$/o/r;

	foreach (split /\n/, `nm --format=posix '$object'`)
	{
		my ($name, $type) = split ' ';

		$used{$name}{$file} = 1 if $type eq 'U';
		$defined{$name} = $file if $type =~ /^[TDBRCVW]$/;
	}
}
foreach my $name (sort keys %defined)
{
	# what the server looks for
	next if $name =~ /^(pg_finfo_m2m_\w+|Pg_magic_func|_PG_init)$/;
	push @wrong, "$defined{$name} shows $name, which does not begin with m2m_" if $name !~ /^m2m_/;
	# settings are in a header that all share
	next if $defined{$name} eq 'src/m2m.c';
	arrow($_, $defined{$name}, "uses $name of") foreach sort keys %{ $used{$name} // {} };
}

# What a folder shows, others use; what it keeps to itself, it uses.
foreach my $header (grep { /\.h$/ } @files)
{
	my ($shows) = $header =~ m{^src/include/(\w+)\.h$};

	foreach my $name (slurp_file($header) =~ /^(?:pg_noreturn )?extern [^;]*?\b(m2m_\w+)(?:\[\w+\])?(?:\(|;)/mg)
	{
		my @users = map { folder($_) } sort keys %{ $used{$name} // {} };

		push @wrong, "$header declares $name, which is nowhere" if !$defined{$name};
		push @wrong, "$header declares $name, which nobody uses" if !@users;
		push @wrong, "$header declares $name, which no other folder uses"
		  if defined $shows && -f "src/$shows/${shows}_internal.h" && !grep { $_ ne $shows } @users;
	}
}

is(join("\n", @wrong), '', 'no arrow runs up, and nothing is seen that should not be');
cmp_ok(scalar(keys %defined), '>', 100, 'functions were found');
cmp_ok(scalar(keys %arrows), '>', 20, 'arrows were found');
diag('arrows between folders: ', join ', ', map { "$_ $arrows{$_}" } sort keys %arrows);
done_testing();

# A header of include/ belongs to the folder of its name.
sub folder
{
	my ($file) = @_;
	my ($folder, $name) = $file =~ m{^src/(?:(\w+)/)?(\w+)\.[cho]$} or return '';

	return $folder // 'm2m' if ($folder // '') ne 'include';
	return $name =~ /^(m2m|compat)$/ ? 'include' : $name;
}

# A path without ./ and ../
sub normal
{
	my ($path) = @_;

	$path =~ s{(^|/)\./}{$1}g;
	1 while $path =~ s{(^|/)(?!\.\./)[^/]+/\.\./}{$1};
	return $path;
}

# One use of something of another file's.
sub arrow
{
	my ($from_file, $to_file, $how) = @_;
	my ($from, $to) = (folder($from_file), folder($to_file));

	return if $from eq $to || $to eq 'include';
	$arrows{"$from -> $to"}++;
	push @wrong, "$from_file $how $to_file, which stands below it" if $level{$to} > $level{$from};
	push @wrong, "$from_file $how $to_file, which is not its own" if $to_file =~ /_internal\.h$/;
	return;
}
