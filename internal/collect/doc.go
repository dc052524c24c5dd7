// Package collect reads AWS's state unit by unit: a unit is one section of one account in one
// Region, such as the queues of 111122223333 in eu-west-3. What AWS answered is kept as
// records, one file for each unit, which org/awsexport turns into models.
//
// Most callers need [Run], which reads units side by side, [Open] for the directory that
// they are kept in, and [Limits], which keeps calls below the rates that AWS publishes.
//
// A unit that fails never stops the others; only the end of the context, the credentials of
// whoever collects ([Fatal]) and a directory that cannot be written do.
//
// It knows no AWS SDK and sends nothing.
package collect
