# A path has keys as links spell them
#: SUITES=regress REGRESS="install question_alike"
sed -i 's/add_reached(reached, &own, parent/add_reached(reached, \&key, parent/' src/question/reach.c
