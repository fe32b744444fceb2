# A text that reads as an array is not made a row
#: SUITES=regress REGRESS="install link_by"
sed -i "s/length >= 2 && string\[0\] == '{'/length < 0 \&\& string[0] == '{'/" src/link/link_by.c
