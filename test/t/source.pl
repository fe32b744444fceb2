# The folders of the source: who may use whom. If this fails, a folder uses one
# that stands below it in src/README.md, or what is another folder's own; and a
# reader can no longer understand the lower ones alone.
#
# It reads what files include, and which functions and variables of other files
# they name, so that a declaration by hand does not get around it.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

my @order = slurp_file('src/README.md') =~ /^\| `(\w+)\/` \|/mg;
my %level = map { $order[$_] => $_ } 0 .. $#order;
my (%text, %folder, %declared, %defined, @wrong, %arrows);

is_deeply([ sort @order ],
	[ sort grep { $_ ne 'include' } map { m{^src/(\w+)$} ? $1 : () } grep { -d } glob 'src/*' ],
	'src/README.md tells each folder once');

foreach my $file (glob 'src/*.c src/*/*.[ch]')
{
	my ($folder, $name) = $file =~ m{^src/(?:(\w+)/)?(\w+\.[ch])$};

	# without comments and strings; a header belongs to the folder of its name
	$text{$file} = slurp_file($file) =~ s{/\*.*?\*/}{ }gsr;
	$folder{$file} = !defined $folder ? 'm2m'
	  : $folder ne 'include' ? $folder
	  : $name =~ /^(m2m|compat)\.h$/ ? 'include'
	  : $name =~ s/\.h$//r;
}
$level{include} = -1;
$level{m2m} = @order;
is_deeply([ grep { !defined $level{ $folder{$_} } } sort keys %text ], [], 'each file is of a folder');

# Includes.
foreach my $file (sort keys %text)
{
	my $from = $folder{$file};

	foreach my $name ($text{$file} =~ /^#include "(\w+\.h)"/mg)
	{
		my $own = "src/$from/$name";
		my $header = -f $own ? $own : "src/include/$name";

		# PostgreSQL's
		next if !defined $text{$header};
		arrow($file, $header, $name);
	}
	push @wrong, "$file includes a header of ours by a path"
	  if grep { /_internal\.h$/ || -f "src/include/$_" || -f "src/$_" } $text{$file} =~ m{^#include "((?:\.\./|\w+/)+\w+\.h)"}mg;
}

# Uses. A function's definition has its name at the beginning of a line.
foreach my $file (grep { /\.c$/ } sort keys %text)
{
	my $code = $text{$file} =~ s/'(?:\\.|[^'\\])'/0/gr =~ s/"(?:\\.|[^"\\])*"/""/gr;

	$text{$file} = $code;
	push @wrong, "$file declares something by hand" if $code =~ /^\s*extern\b/m;
	# what PostgreSQL calls is nobody else's
	my %called = map { $_ => 1 } $code =~ /^PG_FUNCTION_INFO_V1\((\w+)\)/mg;
	while ($code =~ /^(?!static\b)[A-Za-z][\w *]*\n(m2m_\w+)\(/mg)
	{
		$defined{$1} = $file if !$called{$1};
	}
	$defined{$1} = $file while $code =~ /^(?!static\b)[A-Za-z][\w\t *]*?\b(m2m_\w+)(?:\[\w+\])? = /mg;
}
my $names = join '|', sort keys %defined;
my %used;
foreach my $file (grep { /\.c$/ } sort keys %text)
{
	my %here;

	$here{$1} = 1 while $text{$file} =~ /\b($names)\b/g;
	foreach my $name (sort keys %here)
	{
		next if $defined{$name} eq $file;
		$used{$name}{ $folder{$file} } = 1;
		# settings are in a header that all share
		next if $defined{$name} eq 'src/m2m.c';
		arrow($file, $defined{$name}, $name);
	}
}

# What a folder shows, others use; what it keeps to itself, they do not see.
foreach my $header (grep { /\.h$/ } sort keys %text)
{
	my $folder = $folder{$header};

	foreach my $name ($text{$header} =~ /^(?:pg_noreturn )?extern [^;]*?\b(m2m_\w+)(?:\[\w+\])?(?:\(|;)/mg)
	{
		my @users = grep { $_ ne $folder } sort keys %{ $used{$name} // {} };

		push @wrong, "$header declares $name, which is nowhere" if !$defined{$name};
		push @wrong, "$header declares $name, which no other folder uses"
		  if $header =~ m{^src/include/} && $folder ne 'include' && !@users && -f "src/$folder/${folder}_internal.h";
		push @wrong, "$header declares $name, which nobody uses" if !keys %{ $used{$name} // {} };
		$declared{$name} = $header;
	}
}
push @wrong, map { "$defined{$_} defines $_, which no header declares" } grep { !$declared{$_} } sort keys %defined;

is(join("\n", @wrong), '', 'no arrow runs up, and nothing is seen that should not be');
cmp_ok(scalar(keys %defined), '>', 100, 'functions were found');
cmp_ok(scalar(keys %arrows), '>', 20, 'arrows were found');
diag("arrows between folders: ", join ', ', map { "$_ $arrows{$_}" } sort keys %arrows);
done_testing();

# One use of something of another file's.
sub arrow
{
	my ($from_file, $to_file, $what) = @_;
	my ($from, $to) = @folder{ $from_file, $to_file };

	return if $from eq $to || $to eq 'include';
	$arrows{"$from -> $to"}++;
	push @wrong, "$from_file uses $what of $to_file, which stands below it" if $level{$to} > $level{$from};
	push @wrong, "$from_file uses $to_file, which is not its own" if $to_file =~ /_internal\.h$/;
	return;
}
