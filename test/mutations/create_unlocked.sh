# Two first uses make two relationships
#: SUITES=isolation ISOLATION="first_use"
sed -i '/of two first uses the/,/what was true/s/ShareRowExclusiveLock);/AccessShareLock);/' src/define/define_create.c
