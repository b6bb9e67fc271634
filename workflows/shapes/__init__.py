"""The shipped `shapes` model: its pictures and captions, its training, and the evaluator that reads what it draws."""
