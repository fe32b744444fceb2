# What is left of a relationship is looked for beside its association only
#: SUITES=regress REGRESS="install view_schema"
sed -i 's/^\tfor (int i = 0; i < 3; i++)$/\tfor (int i = 1; i < 2; i++)/' src/define/define_adopt.c
