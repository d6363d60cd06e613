class VectorizedSearchCV: pass
