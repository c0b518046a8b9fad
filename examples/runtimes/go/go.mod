module windtunnel/examples/runtimes

go 1.21

require github.com/aws/aws-lambda-go v1.50.0
