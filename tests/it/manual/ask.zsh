# Types a line and Tab into a zsh on a terminal of its own, and prints what its completion adds.
zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "source ./asked.zsh"
until [[ -e ready ]]; do sleep 0.01; done
zpty -w -n asked "$1"$'\t'
until [[ -e done ]]; do sleep 0.01; done
cat offered
