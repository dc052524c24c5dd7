package collect

// Spend makes the recorder take n bytes less.
func (r *Recorder) Spend(n int64) { r.budget.Add(-n) }
