# Two make the typed functions of a relationship at once
#: SUITES=isolation ISOLATION="expose"
sed -i '/^lock_relationship(/,/^}/{s/LockRelationOid(association, ShareUpdateExclusiveLock);/(void) 0;/;s/^\t\t\t\t\t\t\t   ShareUpdateExclusiveLock);/\t\t\t\t\t\t\t   AccessShareLock);/}' src/define/define_expose.c
