# A link view that was put back shows another table with its owner's rights
#: SUITES=regress REGRESS="install put_back rebuild acl"
sed -i '/^may_join(/,/^}/s/return invoker ||/return true || invoker ||/' src/view/view_restore.c
