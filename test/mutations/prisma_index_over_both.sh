# Prisma's second index holds more than B
#: SUITES=regress REGRESS="install naming_styles"
perl -0pi -e 's/(case M2M_NAMING_PRISMA:\s+\/\* with any more.*?\*\/\s+)reverse = names->column\[second\];/$1;/s' src/define/define_create.c
