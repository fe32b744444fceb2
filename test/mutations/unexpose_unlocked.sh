# Typed functions that another makes just now are not dropped
#: SUITES=isolation ISOLATION="expose"
sed -i '/^m2m_relationship_unexpose(/,/^}/s/LockRelationOid(association, ShareUpdateExclusiveLock);/(void) 0;/' src/define/define_expose.c
