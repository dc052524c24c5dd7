// Package fakeaws is AWS on the loopback interface, for tests: an HTTP server that speaks
// the wire protocols of AWS and answers from a [World].
//
// [New] starts it, [Server.Config] is a configuration of the AWS SDK that reaches nothing
// else, [Server.Calls] tells what was asked, and [Server.Inject] and [Server.Limit] make it
// as unreliable as AWS is.
//
// What is answered is what the world says, and nothing more: a fact that the world doesn't
// know is left out of the answer, even where AWS always has one. A world that stands for a
// real organization therefore says that RCPFullAWSAccess is attached everywhere, and lists
// the managed policies of AWS that are in use.
//
// Requests are routed as AWS routes them: the service and the Region are those of the scope
// of the signature, the account is the one of the access key, and the operation is named by
// the X-Amz-Target header, the Action parameter, or the method and the path. Signatures
// themselves are not checked, and nothing is authorized by policies.
package fakeaws
