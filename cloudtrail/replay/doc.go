// Package replay asks policies about calls that were made: what an SCP, an RCP or any other
// change of an organization would have broken, and which permissions are used.
//
// Most users need [DryRun], which replays a log against an organization before and after a
// change, and [Usage], which says what principals did and writes least-privilege policies.
// [Requests] says which authorization requests one event was, and why it was none. All work
// on tuples: [Reducer.Reduce] drops what the policies do not ask for, so that calls they
// cannot tell apart count as one, and a [Summary] can be merged from parts in any order, or
// read from the result of a query ([SQL], [ReadCSV]).
//
// What holds: a value that CloudTrail does not show is unknown and never guessed; a change is
// said to deny a call for certain only if it does so whatever is unknown, and only if the
// call succeeded and the policies of today do not deny it already. Each report says how often
// the policies of today agree with what AWS answered then: that, and what the log covers, is
// how far to trust it.
//
// Blind spots: what no trail recorded (data events that are not selected, calls that services
// do not log); policies, tags and places in the organization are those of the snapshot, not
// those of the time of the call; session policies and session tags are not in the events of
// the session; iam:PassRole has no event, and is inferred from parameters that are role ARNs;
// resources that a call names by something else than an ARN or name are not known. What was
// not observed is not safe: it was not observed in the days that the log has.
package replay
