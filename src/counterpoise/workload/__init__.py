"""What is asked: serving and training workloads, their demand by quarter and block, assumptions."""
