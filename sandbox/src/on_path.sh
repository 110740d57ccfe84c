#!/bin/sh
case $1:" $*" in
  *" --sts-endpoint"*) ;;
  gcp:* | use:*)
    command=$1
    shift
    set -- "$command" --sts-endpoint "$SANDBOX_GOOGLE_STS" --iamcredentials-endpoint "$SANDBOX_GOOGLE_IAM" "$@"
    ;;
esac
exec "$SANDBOX_PROGRAM" "$@"
